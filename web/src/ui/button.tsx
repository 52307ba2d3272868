import type { ButtonHTMLAttributes, ReactNode } from "react";
import { Link, type LinkProps } from "react-router-dom";
import css from "./button.module.css";
import { Icon, type IconName } from "./icon";

interface Look {
  look?: "primary" | "plain" | "quiet" | "danger";
  icon?: IconName;
  /** Shows only the icon; the words stay as the accessible name. */
  iconOnly?: boolean;
  small?: boolean;
}

function classOf({ look = "plain", small, iconOnly }: Look): string {
  return [css.button, css[look], small && css.small, iconOnly && css.square]
    .filter(Boolean)
    .join(" ");
}

function Inside({ icon, iconOnly, children }: Look & { children?: ReactNode }) {
  return (
    <>
      {icon && <Icon name={icon} size={iconOnly ? 20 : 18} />}
      <span className={iconOnly ? "only-read" : undefined}>{children}</span>
    </>
  );
}

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & Look & { busy?: boolean };

export function Button({
  look,
  icon,
  iconOnly,
  small,
  busy,
  children,
  type = "button",
  ...rest
}: ButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      className={classOf({ look, small, iconOnly })}
      aria-busy={busy || undefined}
      aria-disabled={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : rest.onClick}
      title={iconOnly && typeof children === "string" ? children : rest.title}
    >
      <Inside icon={icon} iconOnly={iconOnly}>
        {children}
      </Inside>
    </button>
  );
}

export function LinkButton({
  look,
  icon,
  iconOnly,
  small,
  children,
  ...rest
}: LinkProps & Look & { children: ReactNode }) {
  return (
    <Link
      {...rest}
      className={classOf({ look, small, iconOnly })}
      title={iconOnly && typeof children === "string" ? children : undefined}
    >
      <Inside icon={icon} iconOnly={iconOnly}>
        {children}
      </Inside>
    </Link>
  );
}
