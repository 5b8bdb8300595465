package image

import (
	"archive/tar"
	"bytes"
	"encoding/pem"
	"time"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// writeBase writes the layer below the program: the certificates and the directories.
func writeBase(w *tar.Writer) error {
	certificates, err := authorities()
	if err != nil {
		return err
	}
	for _, d := range []struct {
		name  string
		mode  int64
		owner int
	}{
		{"data/", 0o755, user},
		{"data/artifacts/", 0o755, user},
		{"etc/", 0o755, 0},
		{"etc/ssl/", 0o755, 0},
		{"etc/ssl/certs/", 0o755, 0},
		{"tmp/", 0o1777, 0},
	} {
		h := &tar.Header{
			Typeflag: tar.TypeDir, Name: d.name, Mode: d.mode, Uid: d.owner, Gid: d.owner, ModTime: time.Unix(0, 0),
		}
		if err := w.WriteHeader(h); err != nil {
			return err
		}
	}
	return writeFile(w, "etc/ssl/certs/ca-certificates.crt", 0o644, certificates)
}

// authorities returns Mozilla's certificate authorities as PEM. They come from a Go module
// rather than from the machine that builds the image, so that go.sum pins them. A file in PEM
// cannot express that only certificates from before a date are trusted, so authorities with
// such a constraint are left out.
func authorities() ([]byte, error) {
	var out bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint != nil {
			continue
		}
		if err := pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}
