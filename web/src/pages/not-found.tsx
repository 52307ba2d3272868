import { usePageTitle } from "../app/page-title";
import { LinkButton } from "../ui/button";
import { Blank } from "../ui/notice";

export function NotFoundPage() {
  usePageTitle("Not found");
  return (
    <Blank
      level={1}
      title="No such seat in this house"
      actions={
        <LinkButton to="/" look="primary">
          See what is showing
        </LinkButton>
      }
    >
      <p>This address leads nowhere. Perhaps it was mistyped, or what it showed is gone.</p>
    </Blank>
  );
}
