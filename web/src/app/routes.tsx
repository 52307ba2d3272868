import { lazy } from "react";
import { Route, Routes } from "react-router-dom";
import { HomePage } from "../pages/home";
import { NotFoundPage } from "../pages/not-found";
import { loadPage } from "./pages";
import { Shell } from "./shell";

const WatchPage = lazy(async () => ({ default: (await loadPage.watch()).WatchPage }));
const UploadPage = lazy(async () => ({ default: (await loadPage.upload()).UploadPage }));
const StudioPage = lazy(async () => ({ default: (await loadPage.studio()).StudioPage }));
const SignInPage = lazy(async () => ({ default: (await loadPage.signIn()).SignInPage }));
const SignUpPage = lazy(async () => ({ default: (await loadPage.signUp()).SignUpPage }));

export function AppRoutes() {
  return (
    <Routes>
      <Route element={<Shell />}>
        <Route index element={<HomePage />} />
        <Route path="watch/:id" element={<WatchPage />} />
        <Route path="upload" element={<UploadPage />} />
        <Route path="studio" element={<StudioPage />} />
        <Route path="sign-in" element={<SignInPage />} />
        <Route path="sign-up" element={<SignUpPage />} />
        <Route path="*" element={<NotFoundPage />} />
      </Route>
    </Routes>
  );
}
