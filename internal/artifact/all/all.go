// Package all makes every artifact backend known to artifact.Open. Import it
// for that effect.
package all

import (
	_ "github.com/millrace-ml/millrace/internal/artifact/local" // file paths and file: URIs
)
