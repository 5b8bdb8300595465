// Package image writes the container image of Millrace without a container engine. The
// settings are those of deploy/Dockerfile.
package image

import (
	"archive/tar"
	"cmp"
	"compress/gzip"
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/millrace-ml/millrace/release/modules"
)

// user owns the data and runs the server.
const user = 65532

// Write writes an image of a release to the tar file out, an OCI layout that `docker load`
// reads, too. The map has the path of the Linux binary for each architecture by its name in
// GOARCH. The same binaries give the same bytes: all files have the time 0, and the time of the
// image is that of the commit in the binaries, or SOURCE_DATE_EPOCH.
func Write(ctx context.Context, binaries map[string]string, version, out string) error {
	if len(binaries) == 0 || version == "" {
		return errors.New("an image needs a version and a binary")
	}
	base, err := layer(writeBase)
	if err != nil {
		return err
	}
	commit, err := commitOf(binaries)
	if err != nil {
		return err
	}
	images := map[string]v1.Image{}
	for arch, path := range binaries {
		if err := ctx.Err(); err != nil {
			return err
		}
		program, err := layer(func(w *tar.Writer) error { return writeProgram(w, path) })
		if err != nil {
			return err
		}
		if images[arch], err = newImage(arch, version, commit, base, program); err != nil {
			return err
		}
	}
	return writeArchive(ctx, images, version, out)
}

// layer returns a compressed layer with the files that the function writes.
func layer(write func(*tar.Writer) error) (v1.Layer, error) {
	open := func() (io.ReadCloser, error) {
		r, w := io.Pipe()
		go func() {
			t := tar.NewWriter(w)
			w.CloseWithError(errors.Join(write(t), t.Close()))
		}()
		return r, nil
	}
	return tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer),
		tarball.WithCompressionLevel(gzip.BestCompression), tarball.WithCompressedCaching)
}

func newImage(arch, version string, c commit, layers ...v1.Layer) (v1.Image, error) {
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	img, err := mutate.ConfigFile(img, &v1.ConfigFile{
		OS: "linux", Architecture: arch, Created: v1.Time{Time: c.time}, Config: config(version, c.revision),
		RootFS: v1.RootFS{Type: "layers"},
	})
	if err != nil {
		return nil, err
	}
	for _, l := range layers {
		history := v1.History{Created: v1.Time{Time: c.time}, CreatedBy: "millrace release"}
		if img, err = mutate.Append(img, mutate.Addendum{Layer: l, History: history}); err != nil {
			return nil, err
		}
	}
	return img, nil
}

// config returns the settings of a container. OCI's specification has no health check, but
// Docker reads it from the same file.
func config(version, revision string) v1.Config {
	labels := map[string]string{
		"org.opencontainers.image.title":    "Millrace",
		"org.opencontainers.image.source":   modules.Homepage,
		"org.opencontainers.image.licenses": "Apache-2.0",
		"org.opencontainers.image.version":  version,
	}
	if revision != "" {
		labels["org.opencontainers.image.revision"] = revision
	}
	return v1.Config{
		User:       fmt.Sprintf("%d:%d", user, user),
		WorkingDir: "/data",
		Env: []string{
			"MLFLOW_HOST=0.0.0.0",
			"MLFLOW_PORT=5000",
			"MLFLOW_BACKEND_STORE_URI=sqlite:////data/mlflow.db",
			"MLFLOW_ARTIFACTS_DESTINATION=/data/artifacts",
		},
		ExposedPorts: map[string]struct{}{"5000/tcp": {}},
		Entrypoint:   []string{"/millrace"},
		Cmd:          []string{"server"},
		Healthcheck: &v1.HealthConfig{
			Test:     []string{"CMD", "/millrace", "healthcheck"},
			Interval: 10 * time.Second, Timeout: 10 * time.Second, StartPeriod: 30 * time.Second, Retries: 3,
		},
		Labels: labels,
	}
}

// commit is the commit that the binaries are built from.
type commit struct {
	revision string // empty if the binaries do not contain it
	time     time.Time
}

// commitOf reads the commit from the binaries, and checks that they are static binaries for
// their architecture.
func commitOf(binaries map[string]string) (commit, error) {
	var revision, at string
	for i, arch := range slices.Sorted(maps.Keys(binaries)) {
		info, err := buildinfo.ReadFile(binaries[arch])
		if err != nil {
			return commit{}, err
		}
		built := map[string]string{}
		for _, s := range info.Settings {
			built[s.Key] = s.Value
		}
		if built["GOOS"] != "linux" || built["GOARCH"] != arch || built["CGO_ENABLED"] != "0" {
			return commit{}, fmt.Errorf("%s is for %s/%s with CGO_ENABLED=%s, not a static binary for linux/%s",
				binaries[arch], built["GOOS"], built["GOARCH"], built["CGO_ENABLED"], arch)
		}
		if i > 0 && built["vcs.revision"] != revision {
			return commit{}, fmt.Errorf("the binaries are of the commits %q and %q", revision, built["vcs.revision"])
		}
		revision, at = built["vcs.revision"], built["vcs.time"]
	}
	if at == "" {
		seconds, err := strconv.ParseInt(cmp.Or(os.Getenv("SOURCE_DATE_EPOCH"), "0"), 10, 64)
		return commit{revision, time.Unix(seconds, 0).UTC()}, err
	}
	t, err := time.Parse(time.RFC3339, at)
	return commit{revision, t.UTC()}, err
}

// writeProgram writes the layer that differs between releases.
func writeProgram(w *tar.Writer, path string) error {
	program, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return err
	}
	return writeFile(w, "millrace", 0o755, program)
}

// writeFile writes a file with the time 0, so that the same contents give the same bytes.
func writeFile(w *tar.Writer, name string, mode int64, content []byte) error {
	h := &tar.Header{
		Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(content)), ModTime: time.Unix(0, 0),
	}
	if err := w.WriteHeader(h); err != nil {
		return err
	}
	_, err := w.Write(content)
	return err
}
