import type { ReactNode } from "react";
import { EmptyState, Loading } from "../../components/Notice";
import { PageHead } from "../../components/Page";
import { useSessionState } from "../../components/session/useSession";
import { Tab, Tabs } from "../../components/Tabs";
import { useTitle } from "../../lib/hooks";
import "../../components/accounts/accounts.css";
import "./admin.css";

/** Shows its contents only to those who administer users. */
export function ForManagers({ children }: { children: ReactNode }) {
  const { session, failed } = useSessionState();
  if (session?.manages) return children;
  return (
    <div className="page">
      {session || failed ? (
        <EmptyState title="This page is for administrators">
          <p>Users and roles are managed by administrators. Ask one of them if you need something here.</p>
        </EmptyState>
      ) : (
        <Loading />
      )}
    </div>
  );
}

interface AdminFrameProps {
  tab: "users" | "roles";
  /** The main action of the tab. */
  action: ReactNode;
  children: ReactNode;
}

/** The head and the tabs of the administration. */
export function AdminFrame({ tab, action, children }: AdminFrameProps) {
  useTitle(tab === "users" ? "Users" : "Roles");
  return (
    <ForManagers>
      <div className="page">
        <PageHead title="Administration" end={action} />
        <Tabs label="Administration">
          <Tab link={{ to: "/admin" }} current={tab === "users"}>
            Users
          </Tab>
          <Tab link={{ to: "/admin/roles" }} current={tab === "roles"}>
            Roles
          </Tab>
        </Tabs>
        {children}
      </div>
    </ForManagers>
  );
}
