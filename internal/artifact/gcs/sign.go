package gcs

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/object"
	"github.com/millrace-ml/millrace/mlflow"
)

const (
	signatureAlgorithm = "GOOG4-RSA-SHA256"
	signatureTime      = "20060102T150405Z"
	// maxValid is the longest time for which the store accepts a signature.
	maxValid = 7 * 24 * time.Hour
)

// signingKey is the key of a service account.
type signingKey struct {
	email string
	key   *rsa.PrivateKey
}

// newSigningKey reads a key in PEM.
func newSigningKey(email, text string) (*signingKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("it is not in PEM")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return &signingKey{email, key}, nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("it is of the type %T, not RSA", parsed)
	}
	return &signingKey{email, key}, nil
}

// sign signs a request: https://cloud.google.com/storage/docs/access-control/signing-urls-manually. The client must
// send the headers.
func (b *bucket) sign(
	method, key string, query url.Values, headers map[string]string, valid time.Duration, now time.Time,
) (object.SignedRequest, error) {
	signer := b.store.key
	if signer == nil {
		return object.SignedRequest{}, mlflow.Errorf(mlflow.NotImplemented, "The server cannot sign requests to %s, "+
			"because its credentials have no private key. Let %s name the key file of a service account, or transfer "+
			"the file through the server.", b.Name(), envCredentials)
	}
	if valid < time.Second || valid > maxValid {
		return object.SignedRequest{}, mlflow.Errorf(mlflow.InvalidParameterValue,
			"%s accepts signatures for 1 second to 7 days, not for %s.", b.Name(), valid)
	}
	address, err := url.Parse(b.xmlURL(key))
	if err != nil {
		return object.SignedRequest{}, err
	}
	canonical, names := canonicalHeaders(address.Host, headers)
	now = now.UTC()
	date := now.Format(signatureTime)
	place := date[:8] + "/auto/storage/goog4_request"
	query.Set("X-Goog-Algorithm", signatureAlgorithm)
	query.Set("X-Goog-Credential", signer.email+"/"+place)
	query.Set("X-Goog-Date", date)
	query.Set("X-Goog-Expires", strconv.Itoa(int(valid.Seconds())))
	query.Set("X-Goog-SignedHeaders", names)
	encoded := strings.ReplaceAll(query.Encode(), "+", "%20")
	request := strings.Join([]string{
		method, address.EscapedPath(), encoded, canonical, names, "UNSIGNED-PAYLOAD",
	}, "\n")
	digest := sha256.Sum256([]byte(request))
	text := strings.Join([]string{signatureAlgorithm, date, place, hex.EncodeToString(digest[:])}, "\n")
	digest = sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, signer.key, crypto.SHA256, digest[:])
	if err != nil {
		return object.SignedRequest{}, err
	}
	signed := b.xmlURL(key) + "?" + encoded + "&X-Goog-Signature=" + hex.EncodeToString(signature)
	return object.SignedRequest{URL: signed, Headers: headers}, nil
}

// canonicalHeaders returns the headers in the order of their names, and the names.
func canonicalHeaders(host string, headers map[string]string) (lines, names string) {
	values := map[string]string{"host": host}
	for name, value := range headers {
		values[strings.ToLower(name)] = value
	}
	sorted := slices.Sorted(maps.Keys(values))
	var text strings.Builder
	for _, name := range sorted {
		text.WriteString(name + ":" + values[name] + "\n")
	}
	return text.String(), strings.Join(sorted, ";")
}

// CanSign implements object.LimitedSigner.
func (b *bucket) CanSign() bool { return b.store.key != nil }

// SignGet implements object.Signer.
func (b *bucket) SignGet(_ context.Context, key string, valid time.Duration) (object.SignedRequest, error) {
	disposition := mime.FormatMediaType("attachment", map[string]string{"filename": path.Base(key)})
	query := url.Values{"response-content-disposition": {disposition}}
	return b.sign(http.MethodGet, key, query, nil, valid, time.Now())
}

// SignPut implements object.Signer.
func (b *bucket) SignPut(_ context.Context, key string, valid time.Duration) (object.SignedRequest, error) {
	headers := map[string]string{"Content-Type": artifact.ContentType(key)}
	return b.sign(http.MethodPut, key, url.Values{}, headers, valid, time.Now())
}
