package image

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// writeArchive writes the images as a tar file of an OCI layout with one index.
func writeArchive(ctx context.Context, images map[string]v1.Image, version, out string) (err error) {
	dir, err := os.MkdirTemp("", "millrace-image-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, arch := range slices.Sorted(maps.Keys(images)) {
		platform := &v1.Platform{OS: "linux", Architecture: arch}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: images[arch], Descriptor: v1.Descriptor{Platform: platform},
		})
	}
	tag := strings.ReplaceAll(version, "+", "-") // A tag cannot have a plus sign.
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	named := layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": tag})
	if err := path.AppendIndex(index, named); err != nil {
		return err
	}
	manifest, err := dockerManifest(images, tag)
	if err != nil {
		return err
	}
	if err := path.WriteFile("manifest.json", manifest, 0o644); err != nil {
		return err
	}
	partial := out + ".partial"
	err = tarDirectory(ctx, dir, partial)
	if err == nil {
		err = os.Rename(partial, out)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(partial))
	}
	return nil
}

// dockerManifest returns the file by which Docker finds the images in the layout: one for each
// architecture, as millrace:v1.2.3-amd64.
func dockerManifest(images map[string]v1.Image, tag string) ([]byte, error) {
	type entry struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	blob := func(h v1.Hash) string { return "blobs/" + h.Algorithm + "/" + h.Hex }
	var entries []entry
	for _, arch := range slices.Sorted(maps.Keys(images)) {
		m, err := images[arch].Manifest()
		if err != nil {
			return nil, err
		}
		e := entry{Config: blob(m.Config.Digest), RepoTags: []string{"millrace:" + tag + "-" + arch}}
		for _, l := range m.Layers {
			e.Layers = append(e.Layers, blob(l.Digest))
		}
		entries = append(entries, e)
	}
	return json.Marshal(entries)
}

// tarDirectory writes the files of a directory to a tar file, in the order of their names.
func tarDirectory(ctx context.Context, dir, out string) (err error) {
	f, err := os.Create(filepath.Clean(out))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := tar.NewWriter(f)
	root := os.DirFS(dir)
	err = fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err = errors.Join(err, ctx.Err()); err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		return writeFile(w, name, 0o644, text)
	})
	return errors.Join(err, w.Close())
}
