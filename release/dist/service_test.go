package dist

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestService lets systemd check the unit. The exposure is at most 1.5 of 10.
func TestService(t *testing.T) {
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	text, err := os.ReadFile("../../deploy/systemd/millrace.service")
	if err != nil {
		t.Fatal(err)
	}
	// The program need not be installed on this machine.
	unit := filepath.Join(t.TempDir(), "millrace.service")
	write(t, unit, strings.Replace(string(text), "/usr/bin/millrace ", "/bin/sh ", 1))
	for _, args := range [][]string{
		{"verify", "--man=no", "--recursive-errors=no", unit},
		{"security", "--offline=yes", "--threshold=15", unit},
	} {
		out, err := exec.CommandContext(t.Context(), tool, args...).CombinedOutput()
		if err != nil || args[0] == "verify" && len(out) > 0 {
			t.Errorf("systemd-analyze %s: %v\n%s", args[0], err, out)
		}
	}
}

// TestServiceVariables checks that the variables of the unit and of its settings are options of the server.
func TestServiceVariables(t *testing.T) {
	options, err := os.ReadFile("../../docs/reference/options.md")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]*regexp.Regexp{
		"millrace.service": regexp.MustCompile(`(?m)^Environment=([A-Z_]+)=`),
		"millrace.env":     regexp.MustCompile(`(?m)^#?([A-Z_]+)=`),
	}
	for name, pattern := range names {
		text, err := os.ReadFile("../../deploy/systemd/" + name)
		if err != nil {
			t.Fatal(err)
		}
		found := pattern.FindAllSubmatch(text, -1)
		if len(found) < 2 {
			t.Errorf("%s has %d variables", name, len(found))
		}
		for _, match := range found {
			if !strings.Contains(string(options), " | `"+string(match[1])+"` | ") {
				t.Errorf("%s has the variable %s, which is no option of the server", name, match[1])
			}
		}
	}
}

// TestScripts runs the scripts of the packages as dpkg and rpm do, with and without systemd. A program that records its
// calls stands in for systemctl.
func TestScripts(t *testing.T) {
	const start, reload, restart, stop = "enable --now", "daemon-reload\n", "try-restart millrace.service\n",
		"disable --now millrace.service\n"
	for _, c := range []struct {
		script, args string
		calls        string // of systemctl
		says         string
	}{
		{"postinstall.sh", "configure", reload, start},
		{"postinstall.sh", "configure 1.2.2", reload + restart, ""},
		{"postinstall.sh", "1", reload, start},
		{"postinstall.sh", "2", reload + restart, ""},
		{"postinstall.sh", "abort-upgrade 1.2.2", "", ""},
		{"preremove.sh", "remove", stop, ""},
		{"preremove.sh", "upgrade 1.2.4", "", ""},
		{"preremove.sh", "0", stop, ""},
		{"preremove.sh", "1", "", ""},
		{"postremove.sh", "remove", reload, ""},
		{"postremove.sh", "upgrade 1.2.4", reload, ""},
		{"postremove.sh", "purge", reload, "remain in /var/lib/private/millrace"},
		{"postremove.sh", "0", reload, "remain in /var/lib/private/millrace"},
		{"postremove.sh", "1", reload, ""},
	} {
		for _, systemd := range []bool{true, false} {
			calls, says := runScript(t, c.script, strings.Fields(c.args), systemd)
			if want := map[bool]string{true: c.calls}[systemd]; calls != want {
				t.Errorf("%s %s with systemd %v calls systemctl with %q, want %q", c.script, c.args, systemd, calls, want)
			}
			if c.says == "" && says != "" || !strings.Contains(says, c.says) {
				t.Errorf("%s %s says %q, want %q", c.script, c.args, says, c.says)
			}
		}
	}
}

// runScript returns what a script calls systemctl with, and its output.
func runScript(t *testing.T, name string, args []string, systemd bool) (calls, says string) {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "bin", "systemctl"), "#!/bin/sh\necho \"$*\" >> "+dir+"/calls\n")
	if err := os.Chmod(filepath.Join(dir, "bin", "systemctl"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "calls"), "")
	folders := []string{"var/lib/private/millrace"}
	if systemd {
		folders = append(folders, "run/systemd/system")
	}
	for _, f := range folders {
		if err := os.MkdirAll(filepath.Join(dir, f), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "sh", append([]string{"../../deploy/systemd/" + name}, args...)...)
	cmd.Env = []string{"DPKG_ROOT=" + dir, "PATH=" + filepath.Join(dir, "bin") + ":" + os.Getenv("PATH")}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s %v: %v\n%s", name, args, err, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "calls"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text), string(out)
}
