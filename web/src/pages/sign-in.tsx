import { useEffect } from "react";
import { Link, useLocation, useNavigate } from "react-router-dom";
import { send } from "../api/http";
import { usePageTitle } from "../app/page-title";
import { nextPath } from "../session/next-path";
import { session } from "../session/session";
import { useSession } from "../session/use-session";
import { Button } from "../ui/button";
import { TextField } from "../ui/field";
import { Notice } from "../ui/notice";
import css from "./account.module.css";
import { checkEmail, useAccountForm } from "./account-form";
import { Ticket } from "./ticket";

export function SignInPage() {
  usePageTitle("Sign in");
  const { state } = useLocation();
  const navigate = useNavigate();
  const { status } = useSession();
  useEffect(() => {
    if (status === "signed-in") navigate(nextPath(state), { replace: true });
  }, [status, navigate, state]);
  const { form, errors, failure, busy, onSubmit } = useAccountForm(
    ({ email, password }) => ({
      ...checkEmail(email),
      ...(password ? {} : { password: "Enter your password." }),
    }),
    async ({ email = "", password = "" }) => {
      session.signIn(
        await send("POST /api/auth/login", { body: { email: email.trim(), password } }, null),
      );
    },
  );
  return (
    <Ticket title="Welcome back">
      {nextPath(state) === "/upload" && (
        <p>Sign in to upload your film. It is kept waiting here.</p>
      )}
      <form ref={form} className={css.form} noValidate onSubmit={(event) => void onSubmit(event)}>
        {failure && (
          <Notice tone="bad" icon="alert">
            {failure}
          </Notice>
        )}
        <TextField
          label="E-mail"
          name="email"
          type="email"
          autoComplete="username"
          error={errors.email}
        />
        <TextField
          label="Password"
          name="password"
          type="password"
          autoComplete="current-password"
          error={errors.password}
        />
        <Button type="submit" look="primary" busy={busy}>
          {busy ? "Signing in …" : "Sign in"}
        </Button>
      </form>
      <p className={css.other}>
        New here?{" "}
        <Link to="/sign-up" state={state}>
          Make an account
        </Link>
      </p>
    </Ticket>
  );
}
