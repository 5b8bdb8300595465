package oidc

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// dexConfig is the configuration of a Dex that lets everybody in as the user of its mock.
const dexConfig = `
issuer: http://DEX/dex
storage: {type: memory}
web: {http: DEX}
oauth2: {skipApprovalScreen: true}
staticClients:
- {id: millrace, secret: s3cret, name: Millrace, redirectURIs: ['http://MILLRACE/ajax-api/millrace/oidc/callback']}
- {id: cli, public: true, name: millrace login, redirectURIs: [/dex/device/callback]}
connectors:
- {type: mockCallback, id: mock, name: Mock}
`

// TestDex needs the program dex in the PATH.
func TestDex(t *testing.T) {
	program, err := exec.LookPath("dex")
	if err != nil {
		t.Skip("dex is not installed (make bin/dex)")
	}
	dex, address := freeAddress(t), freeAddress(t)
	config := filepath.Join(t.TempDir(), "dex.yaml")
	text := strings.NewReplacer("DEX", dex, "MILLRACE", address).Replace(dexConfig)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var log safeBuffer
	cmd := exec.CommandContext(t.Context(), program, "serve", config)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // It was killed.
		if t.Failed() {
			t.Log(log.String())
		}
	})
	waitFor(t, "http://"+dex+"/dex/.well-known/openid-configuration")
	startMillrace(t, address, "s3cret", "--oidc-issuer", "http://"+dex+"/dex", "--oidc-client-id", "millrace",
		"--oidc-device-client-id", "cli", "--oidc-admin-group", "authors")
	server := "http://" + address

	b := newBrowser(t)
	at, _ := b.get(server + "/ajax-api/millrace/oidc/login?next=" + url.QueryEscape("/#/experiments/0"))
	if at != server+"/#/experiments/0" {
		t.Errorf("the login leads to %s", at)
	}
	if name, isAdmin := b.user(server); name != "kilgore@kilgore.trout" || !isAdmin {
		t.Errorf("%s %t has logged in", name, isAdmin)
	}
	token := loginCommand(t, server, func(at, code string) {
		_, page := newBrowser(t).read(newBrowser(t).client.PostForm(at+"/auth/verify_code", url.Values{"user_code": {code}}))
		contains(t, page, "Login Successful")
	})
	if status := bearer(t, server, token); status != 200 {
		t.Errorf("the token of millrace login: %d", status)
	}
}
