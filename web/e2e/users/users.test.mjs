// Walks the pages of a server with users, from the first login to the end of an access token.
//   MILLRACE_URL                 the server, with default_permission = NO_PERMISSIONS
//   MLFLOW_AUTH_ADMIN_PASSWORD   the password of its user admin
import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import { inDialog, named, server, shots, walk } from "../walk.mjs";

const adminPassword = process.env.MLFLOW_AUTH_ADMIN_PASSWORD;
const user = `ana-${Date.now()}@example.com`;
const changedPassword = "a much longer one";
// What the tests hand on to the next ones.
let password;
let token;
let shared;
let hidden;

/** A request of a program. */
async function call(method, path, body, authorization = `Basic ${btoa(`admin:${adminPassword}`)}`) {
  const version = path.startsWith("roles/") ? "3.0" : "2.0";
  const response = await fetch(`${server}/api/${version}/mlflow/${path}`, {
    method,
    headers: { "Content-Type": "application/json", Authorization: authorization },
    body: body && JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

before(async () => {
  const create = async (name) => (await call("POST", "experiments/create", { name })).body.experiment_id;
  shared = { name: `shared-${user}`, id: await create(`shared-${user}`) };
  hidden = { name: `hidden-${user}`, id: await create(`hidden-${user}`) };
});

async function logIn(page, name, secret) {
  await page.getByLabel("User name").fill(name);
  await page.getByLabel("Password").fill(secret);
  await named(page, "button", "Log in").click();
}

const menu = async (page, name, item) => {
  await named(page, "button", `User ${name}`).click();
  await named(page, "menuitem", item).click();
};

test("a wrong password is refused, and the right one leads to the page that was asked for", () =>
  walk(
    `/experiments/${shared.id}`,
    async (page) => {
      await named(page, "heading", "Log in").waitFor();
      assert.equal(await named(page, "navigation", "Main").count(), 0);
      await logIn(page, "admin", "not the password");
      await named(page, "alert").getByText("do not belong together").waitFor();
      await logIn(page, "admin", adminPassword);
      await named(page, "heading", shared.name).waitFor();
      assert.match(page.url(), new RegExp(`#/experiments/${shared.id}$`));
    },
    { expectedError: /401/ },
  ));

test("too many wrong passwords have to wait, and the form counts down", () =>
  walk(
    "/",
    async (page) => {
      await page.getByLabel("User name").fill("mallory");
      const button = named(page, "button", "Log in");
      for (let i = 0; i < 6; i++) {
        await page.getByLabel("Password").fill(`guess ${i}`);
        const answer = page.waitForResponse(/login$/);
        await button.click();
        await answer;
      }
      await page.getByText(/Too many logins failed. Try again in \d+ s/).waitFor();
      await page.waitForFunction(() => !document.querySelector("form button").disabled);
    },
    { expectedError: /401|429/ },
  ));

test("the administrator makes a user and shares one experiment", () =>
  walk("/", async (page) => {
    await logIn(page, "admin", adminPassword);
    await menu(page, "admin", "Administration");
    await named(page, "button", "New user").click();
    await page.getByLabel("User name").fill(user);
    await named(page, "button", "Generate a password").click();
    await inDialog(page, "Create").click();
    await named(page, "heading", "The user can log in now").waitFor();
    password = /Password: (\S+)/.exec(await page.locator("dialog code").textContent())[1];
    await inDialog(page, "Done").click();
    await page.getByRole("searchbox").fill("nobody has this name");
    await named(page, "heading", /No user has/).waitFor();
    await page.getByRole("searchbox").fill(user.toUpperCase());
    await named(page, "row", new RegExp(user)).waitFor();
    await page.getByText("1 user", { exact: true }).waitFor();

    await page.goto(`${server}/#/experiments/${shared.id}`);
    await named(page, "button", "Share").click();
    await page.getByText("No access, by the default of this server").waitFor();
    await page.getByLabel("User name").fill(user);
    await inDialog(page, "Share").click();
    const level = page.getByLabel(`Permission of ${user}`);
    await level.waitFor();
    await level.selectOption("EDIT");
    await page.waitForFunction((el) => el.value === "EDIT" && !el.disabled, await level.elementHandle());
    await level.selectOption("READ");
    await page.waitForFunction((el) => el.value === "READ" && !el.disabled, await level.elementHandle());
  }));

test("roles have members and grants", () =>
  walk("/admin/roles", async (page) => {
    await logIn(page, "admin", adminPassword);
    await named(page, "button", "New role").click();
    await page.getByLabel("Name").fill(`team of ${user}`);
    await page.getByLabel("Description").fill("People who look at images");
    await inDialog(page, "Create").click();
    await named(page, "heading", `team of ${user}`).waitFor();
    await named(page, "button", "Add a user").click();
    await page.getByLabel("User name").fill(user);
    await inDialog(page, "Add").click();
    await named(page, "row", new RegExp(user)).waitFor();
    await named(page, "button", "Add a grant").click();
    await page.getByLabel("Type of resource").selectOption("registered_model");
    await page.getByLabel("All registered models").check();
    await inDialog(page, "Add").click();
    await named(page, "row", /All registered models/).waitFor();
    await named(page, "link", user).click();
    await named(page, "heading", user).waitFor();
    // The grant by the role is no grant of the user's own.
    await named(page, "region", "Own grants").getByText(shared.name).waitFor();
    assert.equal(await named(page, "region", "Own grants").getByRole("row").count(), 2);
    await named(page, "link", `team of ${user}`).click();
    await named(page, "button", `Remove ${user}`).click();
    await page.getByText("Nobody has this role yet.").waitFor();
  }));

test("who administers the workspace manages its roles, but no administrators", () =>
  walk("/admin", async (page) => {
    const manager = `manager-${Date.now()}`;
    await call("POST", "users/create", { username: manager, password: changedPassword });
    const role = { name: `bosses of ${manager}`, workspace: "default" };
    const { id: role_id } = (await call("POST", "roles/create", role)).body.role;
    const everything = { resource_type: "workspace", resource_pattern: "*", permission: "MANAGE" };
    await call("POST", "roles/permissions/add", { role_id, ...everything });
    await call("POST", "roles/assign", { role_id, username: manager });
    await logIn(page, manager, changedPassword);
    await named(page, "row", new RegExp(user)).first().waitFor();
    assert.equal(await named(page, "button", /^Actions for/).count(), 0);
    await named(page, "link", "admin").click();
    await named(page, "region", "Own grants").waitFor();
    assert.equal(await named(page, "region", "Access tokens").count(), 0);
    assert.equal(await named(page, "link", "Audit log").count(), 0);
    await page.goto(`${server}/#/admin/audit`);
    await named(page, "heading", "This page is for administrators").waitFor();
    await page.goto(`${server}/#/experiments/${hidden.id}`);
    await named(page, "button", "Share").click();
    await page.getByLabel("With").selectOption("role");
    await named(page, "combobox", "Role").fill(`team of ${user}`);
    await inDialog(page, "Share").click();
    await page.getByLabel(`Permission of team of ${user}`).selectOption("EDIT");
    await named(page, "button", `Remove team of ${user}`).click();
    await named(page, "button", `Remove team of ${user}`).waitFor({ state: "detached" });
  }));

test("the audit log has the logins and the grants", () =>
  walk("/admin", async (page) => {
    await logIn(page, "admin", adminPassword);
    await named(page, "link", "Audit log").click();
    await named(page, "row", /admin Begin a session session\/begin .* OK$/)
      .first()
      .waitFor();
    await page.getByLabel("Result").selectOption("UNAUTHENTICATED");
    await page.getByLabel("User", { exact: true }).fill("mallory");
    await page.keyboard.press("Enter");
    await page.getByText(/^\d entries$/).waitFor();
    await named(page, "row", /mallory Log in login .*Unauthenticated$/)
      .first()
      .waitFor();
    assert.match(page.url(), /\?user=mallory&result=UNAUTHENTICATED$/);
    await page.goto(`${server}/#/admin/audit?user=mallory&from=2001-01-01&to=2001-01-02`);
    await named(page, "heading", "No entry matches these filters").waitFor();
    await named(page, "button", "Clear the filters").click();
    await page.getByLabel("Action").selectOption({ label: "Grant a permission" });
    const grant = named(
      page,
      "row",
      new RegExp(`permission: Read on: Experiment ${shared.id} user: ${user} `),
    );
    await grant.first().waitFor();
    await grant
      .first()
      .getByRole("link", { name: `Experiment ${shared.id}` })
      .click();
    await named(page, "heading", shared.name).waitFor();
  }));

test("the user sees only what is shared, changes the password and makes a token", () =>
  walk(
    "/experiments",
    async (page) => {
      await logIn(page, user, password);
      await named(page, "link", shared.name).waitFor();
      assert.equal(await named(page, "link", hidden.name).count(), 0);
      await page.getByTitle("Managed by admin").waitFor(); // Whom to ask for a permission.
      await named(page, "link", shared.name).click();
      await named(page, "heading", shared.name).waitFor();
      await page.waitForLoadState("networkidle");
      assert.equal(await named(page, "button", "Share").count(), 0);
      await page.goto(`${server}/#/experiments/${hidden.id}`);
      await named(page, "heading", "You have no access to this").waitFor();
      await page.goto(`${server}/#/admin`);
      await named(page, "heading", "This page is for administrators").waitFor();

      await menu(page, user, "Account");
      await named(page, "row", new RegExp(shared.name)).getByText("Own grant").waitFor();
      await page.getByLabel("Current password").fill("not the password");
      await page.getByLabel("New password").fill(changedPassword);
      await named(page, "button", "Change the password").click();
      await page.getByText("Current password does not match.").waitFor();
      await page.getByLabel("Current password").fill(password);
      await named(page, "button", "Change the password").click();
      await page.getByText("The password is changed").waitFor();

      await named(page, "button", "New token").click();
      await page.getByLabel("Name").fill("training server");
      await inDialog(page, "Create").click();
      const lines = page.locator("dialog code", { hasText: "MLFLOW_TRACKING_TOKEN" });
      const code = await lines.textContent();
      assert.match(code, new RegExp(`MLFLOW_TRACKING_URI=${server}`));
      token = /MLFLOW_TRACKING_TOKEN=(\S+)/.exec(code)[1];
      await page.keyboard.press("Escape"); // The secret is shown once: a slip does not take it away.
      await lines.waitFor();
      await inDialog(page, "Done").click();
      await named(page, "row", /training server/).waitFor();

      await menu(page, user, "Log out");
      await named(page, "heading", "Log in").waitFor();
      await logIn(page, user, password);
      await named(page, "alert").waitFor();
      await logIn(page, user, changedPassword);
      await named(page, "link", shared.name).waitFor();
    },
    { expectedError: /40[013]/ },
  ));

test("the token works until the user revokes it", () =>
  walk("/account", async (page) => {
    const get = (id) => call("GET", `experiments/get?experiment_id=${id}`, undefined, `Bearer ${token}`);
    assert.equal((await get(shared.id)).body.experiment.name, shared.name);
    assert.equal((await get(hidden.id)).status, 403);
    await logIn(page, user, changedPassword);
    await named(page, "button", "Revoke the token training server").click();
    await inDialog(page, "Revoke").click();
    await page.getByText("Revoked training server").waitFor();
    const refused = await get(shared.id);
    assert.equal(refused.status, 401);
    assert.match(refused.body.message, /token is unknown, expired or revoked/);
    await page.getByLabel("Show revoked and expired ones").check();
    await named(page, "row", /training server/)
      .getByText("Revoked")
      .waitFor();
  }));

test("after the end of a session the page goes on where it was", () =>
  walk(
    "/experiments",
    async (page) => {
      await logIn(page, "admin", adminPassword);
      await named(page, "button", "New experiment").click();
      await page.getByLabel("Name", { exact: true }).fill(`later-${user}`);
      await page.context().clearCookies();
      await inDialog(page, "Create").click();
      await named(page, "heading", "Log in again").waitFor();
      await page.keyboard.press("Escape");
      await page.keyboard.press("Escape");
      await page.waitForTimeout(200);
      assert.equal(await page.getByLabel("User name").inputValue(), "admin");
      await page.keyboard.type(adminPassword); // The field of the password has the focus.
      await page.keyboard.press("Enter");
      await named(page, "heading", `later-${user}`).waitFor();
      assert.equal(await named(page, "heading", "Log in again").count(), 0);

      // Another user does not go on with it.
      await named(page, "button", "Experiment actions").click();
      await named(page, "menuitem", "Delete…").click();
      await page.context().clearCookies();
      await inDialog(page, "Delete").click();
      await named(page, "heading", "Log in again").waitFor();
      await logIn(page, user, changedPassword);
      await named(page, "heading", "You have no access to this").waitFor();
      const { body } = await call("GET", `experiments/get-by-name?experiment_name=later-${user}`);
      assert.equal(body.experiment.lifecycle_stage, "active");
    },
    { expectedError: /40[13]/ },
  ));

test("screenshots in light and dark", { skip: !shots }, async () => {
  const pages = {
    account: "/account",
    users: "/admin",
    user: `/admin/users/${user}`,
    roles: "/admin/roles",
    audit: "/admin/audit",
    shared: `/experiments/${shared.id}`,
  };
  for (const colorScheme of ["light", "dark"]) {
    for (const [width, height] of [
      [1440, 900],
      [420, 800],
    ]) {
      const picture = (page, name) =>
        page.screenshot({ path: join(shots, `${name}-${colorScheme}-${width}.png`) });
      await walk(
        "/",
        async (page) => {
          await named(page, "heading", "Log in").waitFor();
          await picture(page, "login");
          await logIn(page, "admin", adminPassword);
          await named(page, "button", "User admin").waitFor();
          for (const [name, path] of Object.entries(pages)) {
            await page.goto(`${server}/#${path}`);
            await page.waitForTimeout(1000);
            await picture(page, name);
          }
          await named(page, "button", "Share").click();
          await page.getByText("Who has access").waitFor();
          await picture(page, "share");
        },
        { colorScheme, viewport: { width, height } },
      );
    }
  }
});

test("pages fit a narrow window", () =>
  walk(
    "/",
    async (page) => {
      await logIn(page, "admin", adminPassword);
      await named(page, "button", "User admin").waitFor();
      for (const path of [
        "/",
        "/account",
        "/admin",
        "/admin/roles",
        "/admin/audit",
        `/admin/users/${user}`,
      ]) {
        await page.goto(`${server}/#${path}`);
        await page.waitForTimeout(400);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(overflow <= 0, `${path} is ${overflow} px too wide`);
      }
    },
    { viewport: { width: 420, height: 800 } },
  ));

test("a deleted user is out at once", () =>
  walk("/admin", async (page) => {
    await logIn(page, "admin", adminPassword);
    await named(page, "button", `Actions for ${user}`).click();
    await named(page, "menuitem", "Delete…").click();
    await page.getByRole("dialog").getByText(user).first().waitFor();
    await inDialog(page, "Delete").click();
    await page.getByText(`Deleted ${user}`).waitFor();
    await named(page, "row", new RegExp(user)).waitFor({ state: "detached" });
    const basic = `Basic ${btoa(`${user}:${changedPassword}`)}`;
    assert.equal((await call("GET", "users/current", undefined, basic)).status, 401);
  }));
