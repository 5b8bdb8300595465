// All pages of the administration: they share most of their code, so they are loaded together.
export { AuditPage } from "./AuditPage";
export { RolePage } from "./RolePage";
export { RolesPage } from "./RolesPage";
export { UserPage } from "./UserPage";
export { UsersPage } from "./UsersPage";
