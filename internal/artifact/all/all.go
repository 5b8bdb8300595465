// Package all registers every artifact backend for artifact.Open. Import it for its side
// effect.
package all

import (
	_ "github.com/millrace-ml/millrace/internal/artifact/azure" // wasbs: and abfss: URIs, and their other spellings
	_ "github.com/millrace-ml/millrace/internal/artifact/gcs"   // gs: URIs
	_ "github.com/millrace-ml/millrace/internal/artifact/local" // file paths and file: URIs
	_ "github.com/millrace-ml/millrace/internal/artifact/s3"    // s3:, r2: and b2: URIs
)
