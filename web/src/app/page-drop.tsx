/** Films may be dropped anywhere on any page; this hears them and shows where they will land. */
import { useEffect, useState } from "react";
import { useNavigate } from "react-router-dom";
import { session } from "../session/session";
import { Icon } from "../ui/icon";
import { offer } from "../upload/offer";
import css from "./page-drop.module.css";

function carriesFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes("Files") ?? false;
}

export function PageDrop() {
  const [over, setOver] = useState(false);
  const navigate = useNavigate();
  useEffect(() => {
    let depth = 0;
    const enter = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      depth++;
      setOver(true);
    };
    const move = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
    };
    const leave = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      depth = Math.max(0, depth - 1);
      if (depth === 0) setOver(false);
    };
    const drop = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      depth = 0;
      setOver(false);
      // A signed-out person is asked to sign in first; the files wait for them meanwhile.
      offer([...(event.dataTransfer?.files ?? [])]);
      const signedOut = session.snapshot().status === "signed-out";
      navigate(signedOut ? "/sign-in" : "/upload", { state: { next: "/upload" } });
    };
    window.addEventListener("dragenter", enter);
    window.addEventListener("dragover", move);
    window.addEventListener("dragleave", leave);
    window.addEventListener("drop", drop);
    return () => {
      window.removeEventListener("dragenter", enter);
      window.removeEventListener("dragover", move);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("drop", drop);
    };
  }, [navigate]);
  if (!over) return null;
  return (
    <div className={css.veil} aria-hidden="true">
      <div className={css.ticket}>
        <Icon name="upload" size={44} />
        <p className={css.words}>Drop to upload</p>
      </div>
    </div>
  );
}
