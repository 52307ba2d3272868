import { NavLink } from "react-router-dom";
import { percent } from "../format/format";
import { useSession } from "../session/use-session";
import { Icon } from "../ui/icon";
import { useUploads } from "../upload/uploads";
import css from "./header.module.css";

/** The way to the upload page; while uploads run, also how far they are. */
export function UploadsLink() {
  const { status } = useSession();
  const open = useUploads().filter((item) => item.state !== "sent" && item.state !== "refused");
  const total = open.reduce((sum, item) => sum + item.sizeBytes, 0);
  const sent = open.reduce((sum, item) => sum + item.sentBytes, 0);
  const share = total > 0 ? percent((100 * sent) / total) : null;
  return (
    <NavLink to="/upload" className={`${css.link} ${status === "signed-out" ? "" : css.cta}`}>
      <Icon name="upload" />
      {share ? (
        <span className={css.count}>
          {share}
          <span className="only-read"> of {open.length} uploads sent</span>
        </span>
      ) : (
        <span>Upload</span>
      )}
    </NavLink>
  );
}
