// Webhooks: made, tried, called and followed. Settings as for ui.test.mjs; the server needs
// MLFLOW_WEBHOOK_ALLOWED_SCHEMES, MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS and MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { call } from "./call.mjs";
import { eventually, inDialog, named, walk } from "./walk.mjs";

const stamp = Date.now();
const received = [];
let receiver;
let status = 200;

before(async () => {
  receiver = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    received.push({ headers: request.headers, body: JSON.parse(body) });
    response.writeHead(status).end("<script>alert(1)</script>");
  });
  await new Promise((listening) => receiver.listen(0, "127.0.0.1", listening));
});

after(() => receiver?.close());

const hook = () => `http://127.0.0.1:${receiver.address().port}/hook`;

test("a webhook is made, tried, called, paused and deleted", () =>
  walk("/settings", async (page) => {
    await page.getByRole("region", { name: "Webhooks" }).getByRole("link", { name: "Webhooks" }).click();
    await named(page, "button", "New webhook").first().click();
    const dialog = page.getByRole("dialog");
    const create = inDialog(page, "Create");
    await dialog.getByLabel("Name").fill("-bad");
    await dialog.getByText(/begins and ends with a letter/).waitFor();
    await dialog.getByLabel("Name").fill(`hook-${stamp}`);
    await dialog.getByLabel("Address").fill("ftp://127.0.0.1/");
    await dialog.getByText(/begin with http/).waitFor();
    await dialog.getByLabel("Address").fill(hook());
    await dialog.getByLabel("Secret").fill("open sesame");
    assert.equal(await create.isDisabled(), true);
    await dialog.getByLabel("A run has failed").check();
    await dialog.getByLabel("A model is registered").check();
    await create.click();

    await page.getByRole("heading", { level: 1, name: `hook-${stamp}` }).waitFor();
    await page.getByText("Nothing was sent yet").waitFor();
    await named(page, "button", "Send an example of run.failed").click();
    await page.getByText("The receiver answered 200").waitFor();
    await page.getByText("<script>alert(1)</script>").waitFor();
    assert.equal(received.at(-1).body.entity, "run");
    assert.match(received.at(-1).headers["x-mlflow-signature"], /^v1,/);

    status = 410;
    await call("registered-models/create", { name: `hooked-${stamp}` });
    await named(page, "button", "Refresh now").click();
    const row = page.getByRole("row", { name: /registered_model\.created/ });
    await row.getByText("Given up").waitFor();
    await row.getByText("The receiver answered 410 Gone.").waitFor();
    status = 200;
    await row.getByRole("button").click();
    await page.getByRole("dialog").getByText(`hooked-${stamp}`).waitFor();
    await inDialog(page, "Send again").click();
    await eventually(async () => {
      await named(page, "button", "Refresh now").click();
      assert.equal(await row.getByText("Delivered").count(), 1);
    });

    await page.getByRole("button", { name: "Pause", exact: true }).click();
    await page.getByText("Paused", { exact: true }).waitFor();
    await named(page, "button", "Edit…").click();
    await page.getByRole("dialog").getByLabel("Description").fill("tells the team");
    await page.getByRole("dialog").getByLabel("A run was killed").check();
    await inDialog(page, "Save").click();
    await page.getByText("run.killed").waitFor();
    await page.getByText("tells the team").waitFor();
    await page
      .getByRole("navigation", { name: "Breadcrumb" })
      .getByRole("link", { name: "Webhooks" })
      .click();
    await page.getByRole("row", { name: new RegExp(`hook-${stamp}.*Paused`) }).waitFor();
    await page.getByRole("link", { name: `hook-${stamp}` }).click();
    await named(page, "button", "Delete…").click();
    await inDialog(page, "Delete").click();
    await page.getByRole("heading", { level: 1, name: "Webhooks" }).waitFor();
    await eventually(async () =>
      assert.equal(await page.getByRole("link", { name: `hook-${stamp}` }).count(), 0),
    );
  }));

test("the state of deliveries is in the address", async () => {
  const { webhook } = await call("webhooks", {
    name: `log-${stamp}`,
    url: hook(),
    events: [{ entity: "REGISTERED_MODEL", action: "CREATED" }],
  });
  await call("registered-models/create", { name: `logged-${stamp}` });
  await walk(`/settings/webhooks/${webhook.webhook_id}?state=FAILED`, async (page) => {
    await page.getByText("No deliveries in this state").waitFor();
    await named(named(page, "group", "State of deliveries"), "button", "Delivered").click();
    await page.getByRole("row", { name: /registered_model\.created/ }).waitFor();
    assert.match(page.url(), /state=DELIVERED/);
  });
  await call(`webhooks/${webhook.webhook_id}`, {}, "DELETE");
  await walk(
    `/settings/webhooks/${webhook.webhook_id}`,
    async (page) => {
      await page.getByText("Could not load the webhook").waitFor();
    },
    { expectedError: /404/ },
  );
});
