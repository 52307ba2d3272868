import type { ReactNode } from "react";
import { Navigate, useLocation } from "react-router-dom";
import type { User } from "../api/types";
import { useSession } from "./use-session";

/** Shows a page to who is signed in; sends others to sign in and back here afterwards. */
export function RequireSession({ children }: { children(user: User): ReactNode }) {
  const { status, user } = useSession();
  const { pathname, search } = useLocation();
  if (status === "unknown") return null;
  if (!user) return <Navigate to="/sign-in" replace state={{ next: pathname + search }} />;
  return children(user);
}
