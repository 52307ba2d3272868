import { useState } from "react";
import { Route, Routes } from "react-router-dom";
import { HomePage } from "../pages/home";
import { NotFoundPage } from "../pages/not-found";
import { type PageName, pages } from "./pages";
import { Shell } from "./shell";

/** Keeps to the component it began with, so that a page is never mounted twice. */
function PageOf({ name }: { name: PageName }) {
  const [Chosen] = useState(() => pages[name].component());
  return <Chosen />;
}

const PATHS: [PageName, string][] = [
  ["watch", "watch/:id"],
  ["upload", "upload"],
  ["studio", "studio"],
  ["sign-in", "sign-in"],
  ["sign-up", "sign-up"],
];

export function AppRoutes() {
  return (
    <Routes>
      <Route element={<Shell />}>
        <Route index element={<HomePage />} />
        {PATHS.map(([name, path]) => (
          <Route key={name} path={path} element={<PageOf key={name} name={name} />} />
        ))}
        <Route path="*" element={<NotFoundPage />} />
      </Route>
    </Routes>
  );
}
