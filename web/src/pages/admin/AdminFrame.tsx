import type { ReactNode } from "react";
import { EmptyState, Loading } from "../../components/Notice";
import { PageHead } from "../../components/Page";
import { useSessionState, useUser } from "../../components/session/useSession";
import { Tab, Tabs } from "../../components/Tabs";
import { useTitle } from "../../lib/browser/hooks";
import "../../components/accounts/accounts.css";
import "./admin.css";

interface ForManagersProps {
  /** Whether the contents are for administrators only, not for those who administer the workspace. */
  adminOnly?: boolean;
  children: ReactNode;
}

/** Shows its contents only to those who administer users. */
export function ForManagers({ adminOnly, children }: ForManagersProps) {
  const { session, failed } = useSessionState();
  if (adminOnly ? session?.user?.isAdmin : session?.manages) return children;
  return (
    <div className="page">
      {session || failed ? (
        <EmptyState title="This page is for administrators">
          <p>
            {adminOnly
              ? "The audit log shows what everybody does, so only administrators of the server read it."
              : "Users and roles are managed by administrators. Ask one of them if you need something here."}
          </p>
        </EmptyState>
      ) : (
        <Loading />
      )}
    </div>
  );
}

const titles = { users: "Users", roles: "Roles", audit: "Audit log" };

interface AdminFrameProps {
  tab: keyof typeof titles;
  /** The main action of the tab. */
  action?: ReactNode;
  children: ReactNode;
}

/** The head and the tabs of the administration. */
export function AdminFrame({ tab, action, children }: AdminFrameProps) {
  useTitle(titles[tab]);
  const isAdmin = useUser()?.isAdmin;
  return (
    <ForManagers adminOnly={tab === "audit"}>
      <div className="page">
        <PageHead title="Administration" end={action} />
        <Tabs label="Administration">
          <Tab link={{ to: "/admin" }} current={tab === "users"}>
            {titles.users}
          </Tab>
          <Tab link={{ to: "/admin/roles" }} current={tab === "roles"}>
            {titles.roles}
          </Tab>
          {isAdmin && (
            <Tab link={{ to: "/admin/audit" }} current={tab === "audit"}>
              {titles.audit}
            </Tab>
          )}
        </Tabs>
        {children}
      </div>
    </ForManagers>
  );
}
