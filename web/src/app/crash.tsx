import { Component, type ReactNode } from "react";
import { Button } from "../ui/button";
import { Blank } from "../ui/notice";

interface CrashProps {
  children: ReactNode;
  /** A change of this (the address) gives the page another try. */
  place: string;
}

interface CrashState {
  error: unknown;
  place: string;
}

/** Keeps the frame standing when a page fails, and says what to do. */
export class CrashBoundary extends Component<CrashProps, CrashState> {
  override state: CrashState = { error: null, place: this.props.place };

  static getDerivedStateFromError(error: unknown): Partial<CrashState> {
    return { error: error ?? new Error("unknown") };
  }

  static getDerivedStateFromProps(
    props: CrashProps,
    state: CrashState,
  ): Partial<CrashState> | null {
    return props.place === state.place ? null : { error: null, place: props.place };
  }

  override render(): ReactNode {
    return this.state.error ? <Crash error={this.state.error} /> : this.props.children;
  }
}

/** Most often a part of the page is of an older version that a new one has replaced. */
function Crash({ error }: { error: unknown }) {
  const stale = error instanceof Error && /import|module|fetch|preload/i.test(error.message);
  return (
    <Blank
      level={1}
      title={stale ? "This page has moved on" : "The film tore"}
      actions={
        <>
          <Button look="primary" icon="retry" onClick={() => window.location.reload()}>
            Load the page again
          </Button>
          <Button onClick={() => window.location.assign("/")}>Go to the start</Button>
        </>
      }
    >
      <p>
        {stale
          ? "A part of the page could not be loaded. Matinee may have been updated, or be out of reach."
          : "Something in this page went wrong. Loading it again usually helps."}
      </p>
    </Blank>
  );
}
