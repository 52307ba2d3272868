import { useState } from "react";
import { useChangeVideo } from "../api/queries";
import type { Video } from "../api/types";
import { Button } from "./button";
import { DetailsForm, type DetailsValue } from "./details-form";
import { Dialog, DialogButtons } from "./dialog";
import css from "./edit-dialog.module.css";
import { ErrorNotice } from "./notice";

export function EditDialog({ video, onClose }: { video: Video; onClose(): void }) {
  const { title, description, visibility } = video;
  const [value, setValue] = useState<DetailsValue>({ title, description, visibility });
  const change = useChangeVideo();
  return (
    <Dialog title="Edit film" onClose={onClose}>
      <DetailsForm
        className={css.form}
        value={value}
        onChange={setValue}
        onSubmit={(next) => change.mutate({ id: video.id, change: next }, { onSuccess: onClose })}
      >
        {change.isError && <ErrorNotice error={change.error} />}
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={change.isPending}>
            {change.isPending ? "Saving …" : "Save"}
          </Button>
        </DialogButtons>
      </DetailsForm>
    </Dialog>
  );
}
