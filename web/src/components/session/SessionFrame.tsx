import { Fragment, lazy, type ReactNode, Suspense, useEffect } from "react";
import { gate } from "../../api/client";
import { Loading } from "../Notice";
import { useSessionState } from "./useSession";

// Servers without users never need them.
const LoginPage = lazy(async () => ({ default: (await import("./Login")).LoginPage }));
const LoginDialog = lazy(async () => ({ default: (await import("./Login")).LoginDialog }));

/** Shows the page to a user, and else asks who it is. A page whose session has ended stays below the form. */
export function SessionFrame({ children }: { children: ReactNode }) {
  const { session, ended, failed } = useSessionState();
  const users = session?.users ?? false;
  useEffect(() => {
    if (!users) return;
    // Someone may have logged in or out in another tab.
    const look = () => {
      if (document.visibilityState === "visible") gate.refresh().catch(() => {});
    };
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, [users]);
  if (!session) return failed ? children : <Loading />;
  const person = session.user ?? ended;
  if (users && !person) {
    return (
      <Suspense fallback={<Loading />}>
        <LoginPage />
      </Suspense>
    );
  }
  return (
    <>
      {/* Nothing of one user's page is left to the next one. */}
      <Fragment key={person?.id}>{children}</Fragment>
      {ended && (
        <Suspense>
          <LoginDialog username={ended.username} />
        </Suspense>
      )}
    </>
  );
}
