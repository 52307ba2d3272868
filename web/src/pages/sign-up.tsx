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
import { checkEmail, type Errors, useAccountForm } from "./account-form";
import { Ticket } from "./ticket";

const SHORTEST_PASSWORD = 10;

function check({ display_name, email, password }: Record<string, string>): Errors {
  const errors: Errors = {};
  if (!display_name?.trim()) errors.display_name = "Enter the name others shall see.";
  Object.assign(errors, checkEmail(email));
  if (Array.from(password ?? "").length < SHORTEST_PASSWORD) {
    errors.password = `Use at least ${SHORTEST_PASSWORD} characters; a short sentence is good.`;
  }
  return errors;
}

export function SignUpPage() {
  usePageTitle("Sign up");
  const { state } = useLocation();
  const navigate = useNavigate();
  const { status } = useSession();
  useEffect(() => {
    if (status === "signed-in") navigate(nextPath(state), { replace: true });
  }, [status, navigate, state]);
  const { form, errors, failure, busy, onSubmit } = useAccountForm(
    check,
    async ({ display_name = "", email = "", password = "" }) => {
      const body = { display_name: display_name.trim(), email: email.trim(), password };
      session.signIn(await send("POST /api/auth/register", { body }, null));
    },
  );
  return (
    <Ticket title="Get your ticket">
      <form ref={form} className={css.form} noValidate onSubmit={(event) => void onSubmit(event)}>
        {failure && (
          <Notice tone="bad" icon="alert">
            {failure}
          </Notice>
        )}
        <TextField
          label="Name"
          name="display_name"
          autoComplete="name"
          maxLength={80}
          hint="Shown beside your films."
          error={errors.display_name}
        />
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
          autoComplete="new-password"
          maxLength={200}
          hint={`At least ${SHORTEST_PASSWORD} characters.`}
          error={errors.password}
        />
        <Button type="submit" look="primary" busy={busy}>
          {busy ? "One moment …" : "Sign up"}
        </Button>
      </form>
      <p className={css.other}>
        Already have an account?{" "}
        <Link to="/sign-in" state={state}>
          Sign in
        </Link>
      </p>
    </Ticket>
  );
}
