import { useSyncExternalStore } from "react";
import { Link, NavLink, useLocation, useNavigate } from "react-router-dom";
import { sentenceOf } from "../api/problem";
import type { User } from "../api/types";
import { session } from "../session/session";
import { useSession } from "../session/use-session";
import { chooseTheme, readTheme, subscribeTheme, type Theme } from "../theme/theme";
import { Icon, type IconName } from "../ui/icon";
import { Menu, type MenuEntry } from "../ui/menu";
import css from "./header.module.css";
import { UploadsLink } from "./uploads-link";

export function Header() {
  const { status, user } = useSession();
  // While it is being found out, the places are kept for who most likely is there.
  const member = status !== "signed-out";
  return (
    <header className={css.header}>
      <div className={css.row}>
        <Link to="/" className={css.brand} aria-label="Matinee, home">
          <Logo />
          <span className={css.name}>Matinee</span>
        </Link>
        <nav aria-label="Main" className={css.nav}>
          <UploadsLink />
          {member && (
            <NavLink to="/studio" className={`${css.link} ${css.hideSmall}`}>
              <Icon name="film" />
              <span>Studio</span>
            </NavLink>
          )}
          {status === "signed-out" && <SignInLink />}
        </nav>
        <div className={css.tools}>
          <ThemeMenu />
          {user ? <AccountMenu user={user} /> : member && <span className={css.ghost} />}
        </div>
      </div>
      <div className={css.valance} aria-hidden="true" />
    </header>
  );
}

function SignInLink() {
  const { pathname, search } = useLocation();
  const away = pathname === "/sign-in" || pathname === "/sign-up";
  return (
    <NavLink
      to="/sign-in"
      state={away ? undefined : { next: pathname + search }}
      className={css.link}
    >
      <Icon name="user" />
      <span>Sign in</span>
    </NavLink>
  );
}

function Logo() {
  return (
    <svg viewBox="0 0 32 24" width="40" height="30" aria-hidden="true" focusable="false">
      <path
        fill="#ffe7b8"
        d="M4 1h24a2 2 0 0 1 2 2v5.2a3.8 3.8 0 0 0 0 7.6V21a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2v-5.2a3.8 3.8 0 0 0 0-7.6V3a2 2 0 0 1 2-2z"
      />
      <path
        fill="#96202c"
        d="M12.5 6.6v10.8a.8.8 0 0 0 1.220.68l8.6-5.4a.8.8 0 0 0 0-1.360l-8.6-5.4a.8.8 0 0 0-1.220.68z"
      />
    </svg>
  );
}

const THEMES: [Theme, string, IconName][] = [
  ["system", "Like the system", "screen"],
  ["light", "Light", "sun"],
  ["dark", "Dark", "moon"],
];

function ThemeMenu() {
  const theme = useSyncExternalStore(subscribeTheme, readTheme);
  const icon = THEMES.find(([name]) => name === theme)?.[2] ?? "screen";
  const entries = THEMES.map(
    ([name, label, entryIcon]): MenuEntry => ({
      kind: "choice",
      label,
      icon: entryIcon,
      checked: theme === name,
      run: () => chooseTheme(name),
    }),
  );
  return <Menu label="Theme" button={<Icon name={icon} />} entries={entries} />;
}

function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const letters = [words[0], words.length > 1 ? words[words.length - 1] : ""];
  return letters
    .map((word) => Array.from(word ?? "")[0] ?? "")
    .join("")
    .toUpperCase();
}

function AccountMenu({ user }: { user: User }) {
  const navigate = useNavigate();
  async function signOut() {
    try {
      await session.signOut();
      navigate("/");
    } catch (error) {
      window.alert(sentenceOf(error));
    }
  }
  const entries: MenuEntry[] = [
    { kind: "text", label: user.display_name, detail: user.email },
    { kind: "action", label: "Studio", icon: "film", run: () => navigate("/studio") },
    { kind: "action", label: "Upload a film", icon: "upload", run: () => navigate("/upload") },
    { kind: "action", label: "Sign out", icon: "out", run: () => void signOut() },
  ];
  return (
    <Menu
      label="Account"
      button={
        <span className={css.avatar} aria-hidden="true">
          {initials(user.display_name)}
        </span>
      }
      entries={entries}
    />
  );
}
