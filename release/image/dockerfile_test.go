package image

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"io"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// TestSameAsDockerfile compares the settings with those of the image that Docker builds.
func TestSameAsDockerfile(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../deploy/Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	// The last stage is the image.
	_, stage, _ := strings.Cut(strings.ReplaceAll(string(text), "\\\n", " "), "\nFROM scratch\n")
	want := v1.Config{Labels: map[string]string{}, ExposedPorts: map[string]struct{}{}}
	copied := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^([A-Z]+) (.*)$`).FindAllStringSubmatch(stage, -1) {
		if m[1] == "COPY" {
			fields := strings.Fields(m[2])
			copied[fields[len(fields)-1]] = strings.Join(fields[:len(fields)-2], " ")
			continue
		}
		readInstruction(t, &want, m[1], strings.ReplaceAll(m[2], "$VERSION", "v1.2.3"))
	}
	if got := config("v1.2.3", ""); !reflect.DeepEqual(got, want) {
		t.Errorf("the image has\n%+v\nand deploy/Dockerfile\n%+v", got, want)
	}
	for name, owner := range written(t) {
		how, ok := copied[name]
		if !ok || strings.Contains(how, "--chown") != (owner != 0) || owner != 0 && !strings.Contains(how, "--chown="+want.User) {
			t.Errorf("%s belongs to %d in the image, and deploy/Dockerfile copies it with %q", name, owner, how)
		}
		delete(copied, name)
	}
	if len(copied) > 0 {
		t.Errorf("the image lacks %v", copied)
	}
}

// readInstruction applies an instruction of a Dockerfile to the settings.
func readInstruction(t *testing.T, c *v1.Config, name, text string) {
	t.Helper()
	words := strings.Fields(text)
	var err error
	switch name {
	case "ARG":
	case "USER":
		c.User = text
	case "WORKDIR":
		c.WorkingDir = text
	case "ENV":
		c.Env = words
	case "EXPOSE":
		c.ExposedPorts[text+"/tcp"] = struct{}{}
	case "ENTRYPOINT":
		err = json.Unmarshal([]byte(text), &c.Entrypoint)
	case "CMD":
		err = json.Unmarshal([]byte(text), &c.Cmd)
	case "LABEL":
		for _, word := range words {
			key, value, _ := strings.Cut(word, "=")
			c.Labels[key] = value
		}
	case "HEALTHCHECK":
		c.Healthcheck, err = readHealthcheck(text)
	default:
		t.Errorf("the image may lack what %s %s does", name, text)
	}
	if err != nil {
		t.Errorf("%s %s: %v", name, text, err)
	}
}

func readHealthcheck(text string) (*v1.HealthConfig, error) {
	h := &v1.HealthConfig{}
	flags, command, _ := strings.Cut(text, " CMD ")
	err := json.Unmarshal([]byte(command), &h.Test)
	h.Test = append([]string{"CMD"}, h.Test...)
	times := map[string]*time.Duration{"--interval": &h.Interval, "--timeout": &h.Timeout, "--start-period": &h.StartPeriod}
	for _, word := range strings.Fields(flags) {
		key, value, _ := strings.Cut(word, "=")
		var wrong error
		if into, ok := times[key]; ok {
			*into, wrong = time.ParseDuration(value)
		} else if key == "--retries" {
			h.Retries, wrong = strconv.Atoi(value)
		} else {
			wrong = errors.New(key + " is not known")
		}
		err = errors.Join(err, wrong)
	}
	return h, err
}

// written returns the owners of what the image contains: the files, and the directories that
// are not on the way to a file or in another directory.
func written(t *testing.T) map[string]int {
	t.Helper()
	owners := map[string]int{"/millrace": 0}
	r, w := io.Pipe()
	go func() {
		out := tar.NewWriter(w)
		w.CloseWithError(errors.Join(writeBase(out), out.Close()))
	}()
	for in := tar.NewReader(r); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return owners
		}
		if err != nil {
			t.Fatal(err)
		}
		name := "/" + strings.TrimSuffix(h.Name, "/")
		if h.Typeflag == tar.TypeReg || !strings.HasPrefix(name, "/etc") && strings.Count(name, "/") == 1 {
			owners[name] = h.Uid
		}
	}
}
