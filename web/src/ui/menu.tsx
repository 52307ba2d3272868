/** A menu button as ARIA describes it: arrows move, Escape closes, focus comes back. */
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { Icon, type IconName } from "./icon";
import css from "./menu.module.css";

export type MenuEntry =
  | { kind: "action"; label: string; icon?: IconName; run(): void }
  | { kind: "choice"; label: string; icon?: IconName; checked: boolean; run(): void }
  | { kind: "text"; label: string; detail?: string };

interface MenuProps {
  label: string;
  /** Opens upwards, for a button at the bottom of the player. */
  up?: boolean;
  button: ReactNode;
  entries: MenuEntry[];
}

function step(key: string, index: number, count: number): number {
  if (key === "ArrowDown") return (index + 1) % count;
  if (key === "ArrowUp") return (index - 1 + count) % count;
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  return -1;
}

export function Menu({ label, up, button, entries }: MenuProps) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const trigger = useRef<HTMLButtonElement>(null);
  const id = useId();
  const items = () => [...(root.current?.querySelectorAll<HTMLElement>("[role^=menuitem]") ?? [])];

  useEffect(() => {
    if (!open) return;
    const list = [...(root.current?.querySelectorAll<HTMLElement>("[role^=menuitem]") ?? [])];
    (list.find((item) => item.ariaChecked === "true") ?? list[0])?.focus();
    const outside = (event: PointerEvent) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);

  function close() {
    setOpen(false);
    trigger.current?.focus();
  }

  function onKeyDown(event: KeyboardEvent) {
    if (!open) {
      if (event.key !== "ArrowDown") return;
      event.preventDefault();
      setOpen(true);
      return;
    }
    if (event.key === "Escape") {
      event.preventDefault();
      close();
    } else if (event.key === "Tab") {
      setOpen(false);
    } else {
      const list = items();
      const next = step(
        event.key,
        list.indexOf(document.activeElement as HTMLElement),
        list.length,
      );
      if (next < 0) return;
      event.preventDefault();
      list[next]?.focus();
    }
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys bubble up from the items inside
    <div className={css.root} ref={root} onKeyDown={onKeyDown}>
      <button
        ref={trigger}
        type="button"
        className={css.trigger}
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
      >
        {button}
      </button>
      {open && (
        <div className={css.menu} data-up={up || undefined} role="menu" id={id} aria-label={label}>
          {entries.map((entry) => (
            <MenuRow key={entry.label} entry={entry} close={close} />
          ))}
        </div>
      )}
    </div>
  );
}

function MenuRow({ entry, close }: { entry: MenuEntry; close(): void }) {
  if (entry.kind === "text") {
    return (
      <div className={css.text} role="presentation">
        <strong>{entry.label}</strong>
        {entry.detail && <span>{entry.detail}</span>}
      </div>
    );
  }
  const run = () => {
    close();
    entry.run();
  };
  const choice = entry.kind === "choice";
  return (
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: both roles are known only when it runs
    <button
      type="button"
      role={choice ? "menuitemradio" : "menuitem"}
      aria-checked={choice ? entry.checked : undefined}
      tabIndex={-1}
      className={css.item}
      onClick={run}
    >
      {entry.icon && <Icon name={entry.icon} size={18} />}
      <span>{entry.label}</span>
      {choice && entry.checked && <Icon name="check" size={18} />}
    </button>
  );
}
