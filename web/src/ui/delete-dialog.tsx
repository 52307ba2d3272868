import { useDeleteVideo } from "../api/queries";
import type { Video } from "../api/types";
import { Button } from "./button";
import { Dialog, DialogButtons } from "./dialog";
import { ErrorNotice } from "./notice";

export function DeleteDialog({
  video,
  onClose,
  onDeleted,
}: {
  video: Video;
  onClose(): void;
  onDeleted?(): void;
}) {
  const remove = useDeleteVideo();
  function confirm() {
    remove.mutate(video.id, {
      onSuccess: () => {
        onClose();
        onDeleted?.();
      },
    });
  }
  return (
    <Dialog title="Delete this film?" onClose={onClose}>
      <p>
        “{video.title}” and everything made from it will be gone for good. This can't be undone.
      </p>
      {remove.isError && <ErrorNotice error={remove.error} />}
      <DialogButtons>
        <Button onClick={onClose}>Keep it</Button>
        <Button look="danger" icon="trash" busy={remove.isPending} onClick={confirm}>
          {remove.isPending ? "Deleting …" : "Delete"}
        </Button>
      </DialogButtons>
    </Dialog>
  );
}
