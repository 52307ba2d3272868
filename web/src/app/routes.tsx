import { Route, Routes } from "react-router-dom";
import { HomePage } from "../pages/home";
import { NotFoundPage } from "../pages/not-found";
import { pages } from "./pages";
import { Shell } from "./shell";

export function AppRoutes() {
  return (
    <Routes>
      <Route element={<Shell />}>
        <Route index element={<HomePage />} />
        <Route path="watch/:id" Component={pages.watch.Page} />
        <Route path="upload" Component={pages.upload.Page} />
        <Route path="studio" Component={pages.studio.Page} />
        <Route path="sign-in" Component={pages["sign-in"].Page} />
        <Route path="sign-up" Component={pages["sign-up"].Page} />
        <Route path="*" element={<NotFoundPage />} />
      </Route>
    </Routes>
  );
}
