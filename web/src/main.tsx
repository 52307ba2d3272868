import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router-dom";
import { connection } from "./api/connection";
import { queryClient } from "./api/query-client";
import { loadFor } from "./app/pages";
import { AppRoutes } from "./app/routes";
import { session } from "./session/session";
import "./theme/base.css";

// What one person may see is nothing for the next.
let viewer: string | null | undefined;
session.subscribe(() => {
  const { status, user } = session.snapshot();
  if (status === "unknown") return;
  const id = user?.id ?? null;
  if (viewer !== undefined && viewer !== id) void queryClient.resetQueries();
  viewer = id;
});

// What failed while the server was away is asked for again as soon as it is back.
connection.subscribe(() => {
  if (connection.isDown) return;
  if (session.snapshot().status === "unknown") void session.start();
  void queryClient.refetchQueries({ predicate: (query) => query.state.status === "error" });
});
window.addEventListener("online", () => {
  if (connection.isDown) void connection.check();
});

void session.start();

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
const tree = (
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <BrowserRouter future={{ v7_startTransition: true, v7_relativeSplatPath: true }}>
        <AppRoutes />
      </BrowserRouter>
    </QueryClientProvider>
  </StrictMode>
);
// The first page is drawn whole, not a blank before it.
void loadFor(window.location.pathname).then(() => createRoot(root).render(tree));
