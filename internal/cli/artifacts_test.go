package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestArtifactsCommand(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	id, dir, to := s.startedRun(), t.TempDir(), t.TempDir()
	single := s.write(filepath.Join(dir, "single.txt"), "one")
	s.write(filepath.Join(dir, "all", "a.txt"), "a")
	s.write(filepath.Join(dir, "all", "deep", "b.txt"), strings.Repeat("b", 2000))
	s.expect([][2]string{
		{"artifacts list -r " + id, `^There are no artifacts\.\n$`},
		{"artifacts list -r " + id + " --json", `^\[\]\n$`},
		{"artifacts log-artifact -l " + single + " -r " + id, `^\S+single\.txt is uploaded to the top of run ` + id + `\.\n$`},
		{"artifacts log-artifact --local-file " + single + " --run-id " + id + " -a x/y --json", `^\{\}\n$`},
		{"artifacts log-artifacts -l " + filepath.Join(dir, "all") + " -r " + id + " -a tree", `all is uploaded to tree of run `},
		{"artifacts log-artifacts --local-dir " + filepath.Join(dir, "all") + " -r " + id + " --json", `^\{\}\n$`},
		{"artifacts list --run-id " + id, `^PATH +SIZE\na\.txt +1 B\ndeep/ +-\nsingle\.txt +3 B\ntree/ +-\nx/ +-\n$`},
		{"artifacts list -r " + id + " -a tree/deep", `^PATH +SIZE\ntree/deep/b\.txt +2\.0 kB\n$`},
		{"artifacts list -r " + id + " -a x/y --json", `^\[\n  \{\n    "path": "x/y/single\.txt",\n    "is_dir": false,\n    "file_size": 3\n  \}\n\]\n$`},
		{"runs describe --run-id " + id, `STATUS +FINISHED\n`}, // An upload does not start the run again.
	})
	for line, want := range map[string]string{
		"-r " + id + " -a single.txt":                       "single.txt",
		"-r " + id + " -a tree":                             "tree",
		"-u runs:/" + id + "/x/y/single.txt":                "single.txt",
		"-u runs:/" + id + "/tree/deep":                     "deep",
		"--artifact-uri runs:/" + id + "/tree/":             "tree",
		"-u mlflow-artifacts:/0/" + id + "/artifacts/a.txt": "a.txt",
	} {
		dst := filepath.Join(to, "new", strings.NewReplacer("/", "_", " ", "_", ":", "_").Replace(line))
		if out := s.run("artifacts download " + line + " -d " + dst); out != filepath.Join(dst, want)+"\n" {
			t.Errorf("%s: %s", line, out)
		}
		if _, err := os.Stat(filepath.Join(dst, want)); err != nil {
			t.Error(err)
		}
	}
	all := strings.TrimSpace(s.run("artifacts download --run-id " + id))
	t.Cleanup(func() { _ = os.RemoveAll(all) })
	if s.read(filepath.Join(all, "tree", "deep", "b.txt")) != strings.Repeat("b", 2000) || s.read(filepath.Join(all, "x", "y", "single.txt")) != "one" {
		t.Error("the files differ")
	}
	s.expect([][2]string{{"artifacts download -r " + id + " -a a.txt --dst-path " + to + " --json", `^\{\n  "path": "` + to + `/a\.txt"\n\}\n$`}})
	s.refuse([][2]string{
		{"artifacts list", "--run-id is needed"},
		{"artifacts list -r nope", "nope"},
		{"artifacts download", "either --run-id"},
		{"artifacts download -r " + id + " -u runs:/" + id, "either --run-id"},
		{"artifacts download -u runs:/" + id + " -a x", "put the path into --artifact-uri"},
		{"artifacts download -r " + id + " -a nope", "there is no artifact nope"},
		{"artifacts download -u runs:/" + id + "/nope", "there is no artifact nope"},
		{"artifacts download -u s3://bucket/x", "--serve-artifacts"},
		{"artifacts log-artifact -r " + id, "--local-file is needed"},
		{"artifacts log-artifact -l " + dir + " -r " + id, "log-artifacts uploads"},
		{"artifacts log-artifacts -l " + single + " -r " + id, "log-artifact uploads"},
		{"artifacts log-artifact -l " + single + ".not -r " + id, "no such file"},
		{"artifacts log-artifact -l " + single + " -r nope", "nope"},
	})
}
