package mlflow

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"path"
	"regexp"
	"strings"
	"time"
)

// tagImages marks runs with images by step, for the pages that show them.
const tagImages = "mlflow.loggedImages"

// jpegQuality is the quality of images that are stored as JPEG.
const jpegQuality = 92

// LogImage stores an image as the artifact name, in the format of its extension: .png,
// .jpg or .jpeg.
func (r *ActiveRun) LogImage(ctx context.Context, img image.Image, name string) error {
	var out bytes.Buffer
	var err error
	switch ext := strings.ToLower(path.Ext(name)); ext {
	case ".png":
		err = png.Encode(&out, img)
	case ".jpg", ".jpeg":
		err = jpeg.Encode(&out, img, &jpeg.Options{Quality: jpegQuality})
	default:
		err = Errorf(InvalidParameterValue, "an image is stored as .png, .jpg or .jpeg, not %q", ext)
	}
	if err != nil {
		return err
	}
	return r.logBytes(ctx, out.Bytes(), name)
}

var imageKey = regexp.MustCompile(`^[a-zA-Z0-9_\-./ ]+$`)

// LogImageStep stores the image of a training step in a series of images, such as
// samples of a generator. key names the series; it has letters, digits, spaces and the
// characters _-./ only. The image is a PNG file below images/, under the name that
// mlflow.log_image(key=..., step=...) of the Python client gives it. The Python client
// also stores a thumbnail in WebP format, for which Go has no encoder.
func (r *ActiveRun) LogImageStep(ctx context.Context, img image.Image, key string, step int64) error {
	if !imageKey.MatchString(key) {
		return Errorf(InvalidParameterValue,
			"the key of an image has letters, digits, spaces and the characters _-./ only, not %q", key)
	}
	id, err := randomHex()
	if err != nil {
		return err
	}
	name := fmt.Sprintf("images/%s+step+%d+timestamp+%d+%s.png",
		strings.ReplaceAll(key, "/", "~"), step, time.Now().UnixMilli(), id)
	if err := r.LogImage(ctx, img, name); err != nil {
		return err
	}
	return r.SetTag(ctx, tagImages, "True")
}

// LoadImage reads an image of a run in PNG, JPEG or any other format that the program
// has registered with package image.
func (c *Client) LoadImage(ctx context.Context, runID, name string) (image.Image, error) {
	data, err := c.readArtifact(ctx, runID, name)
	if err != nil {
		return nil, err
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("decoding %s: %w", name, err)
	}
	return img, nil
}
