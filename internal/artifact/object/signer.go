package object

import (
	"context"
	"time"
)

// Signer is a [Bucket] that signs requests, with which clients transfer files to and from the store directly.
type Signer interface {
	// SignGet signs a download. Browsers save it under the name of the file.
	SignGet(ctx context.Context, key string, valid time.Duration) (SignedRequest, error)
	// SignPut signs an upload with one request.
	SignPut(ctx context.Context, key string, valid time.Duration) (SignedRequest, error)
	// SignParts begins an upload and signs a PUT request for each of the parts 1 to n. id is empty if the store needs
	// none.
	SignParts(ctx context.Context, key string, n int32, valid time.Duration) (id string, parts []SignedRequest, err error)
	// CompleteParts makes the object of the parts that clients have stored.
	CompleteParts(ctx context.Context, key, id string, parts []StoredPart) error
	// AbortParts removes the parts.
	AbortParts(ctx context.Context, key, id string) error
}

// LimitedSigner is a [Signer] that can sign with some kinds of credentials only. Without them its methods return errors
// that say what to do.
type LimitedSigner interface {
	Signer
	// CanSign reports whether the credentials of the server suffice.
	CanSign() bool
}

// SignedRequest is the URL of a request and the headers that it must have.
type SignedRequest struct {
	URL     string
	Headers map[string]string
}

// StoredPart is a part as the client that stored it reports it.
type StoredPart struct {
	Number int32
	ETag   string
	URL    string // of the signed request
}
