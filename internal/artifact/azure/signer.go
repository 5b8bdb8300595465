package azure

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/object"
	"github.com/millrace-ml/millrace/mlflow"
)

var _ object.LimitedSigner = (*bucket)(nil)

const (
	// maxBlocks is the largest number of blocks of a blob.
	maxBlocks = 50_000
	// maxDelegation is the longest validity of a user delegation key.
	maxDelegation = 7 * 24 * time.Hour
	// clockSkew is how far the clocks of the server and of the store may differ.
	clockSkew = 5 * time.Minute
)

// CanSign implements object.LimitedSigner. A shared access signature cannot sign.
func (b *bucket) CanSign() bool {
	switch b.credential.(type) {
	case *sharedKey, *tokens:
		return true
	}
	return false
}

func (b *bucket) SignGet(ctx context.Context, key string, valid time.Duration) (object.SignedRequest, error) {
	disposition := mime.FormatMediaType("attachment", map[string]string{"filename": path.Base(key)})
	query, err := b.signBlob(ctx, key, url.Values{"sp": {"r"}, "rscd": {disposition}}, valid)
	return b.signed(key, query), err
}

func (b *bucket) SignPut(ctx context.Context, key string, valid time.Duration) (object.SignedRequest, error) {
	query, err := b.signBlob(ctx, key, url.Values{"sp": {"cw"}}, valid)
	request := b.signed(key, query)
	request.Headers = map[string]string{"x-ms-blob-type": "BlockBlob", "Content-Type": artifact.ContentType(key)}
	return request, err
}

// SignParts implements object.Signer. The URLs contain the ids of the blocks, as those of MLflow, so that the upload
// needs no id.
func (b *bucket) SignParts(
	ctx context.Context, key string, n int32, valid time.Duration,
) (string, []object.SignedRequest, error) {
	if n < 1 || n > maxBlocks {
		return "", nil, mlflow.Errorf(mlflow.InvalidParameterValue,
			"A file in Azure Blob Storage has 1 to %d parts, and not %d.", maxBlocks, n)
	}
	query, err := b.signBlob(ctx, key, url.Values{"sp": {"cw"}}, valid)
	if err != nil {
		return "", nil, err
	}
	upload := newUploadID()
	parts := make([]object.SignedRequest, n)
	for i := range n {
		parts[i] = b.signed(key, encodeQuery(blockQuery(blockID(upload, i+1)))+"&"+query)
	}
	return "", parts, nil
}

func (b *bucket) CompleteParts(ctx context.Context, key, _ string, parts []object.StoredPart) error {
	if len(parts) == 0 { // The store would make an empty blob.
		return mlflow.Errorf(mlflow.InvalidParameterValue, "The upload has no parts.")
	}
	parts = slices.SortedFunc(slices.Values(parts), func(a, b object.StoredPart) int {
		return cmp.Compare(a.Number, b.Number)
	})
	ids := make([]string, len(parts))
	for i, part := range parts {
		if int(part.Number) != i+1 {
			return mlflow.Errorf(mlflow.InvalidParameterValue, "The upload has no part %d, or one with the number twice.", i+1)
		}
		u, err := url.Parse(part.URL)
		if err == nil {
			ids[i] = u.Query().Get("blockid")
		}
		id, err := base64.StdEncoding.DecodeString(ids[i])
		if err != nil || !strings.HasPrefix(string(id), blockPrefix) {
			return mlflow.Errorf(mlflow.InvalidParameterValue, "The url of part %d is not that of its request.", i+1)
		}
	}
	return b.putBlockList(ctx, key, ids)
}

// AbortParts does nothing, for the reason that upload.Abort gives.
func (b *bucket) AbortParts(context.Context, string, string) error { return nil }

// signed returns a request for a blob.
func (b *bucket) signed(key, query string) object.SignedRequest {
	u := b.url(key)
	u.RawQuery = query
	return object.SignedRequest{URL: u.String()}
}

// signBlob returns a query that permits requests for a blob. values has the permissions in sp.
func (b *bucket) signBlob(ctx context.Context, key string, values url.Values, valid time.Duration) (string, error) {
	expires := time.Now().Add(valid).UTC()
	values.Set("se", expires.Format(time.RFC3339))
	values.Set("sv", apiVersion)
	values.Set("sr", "b")
	if b.endpoint.Scheme == "https" {
		values.Set("spr", "https")
	}
	var secret []byte
	switch found := b.credential.(type) {
	case *sharedKey:
		secret = found.key
	case *tokens:
		var err error
		if secret, err = b.delegate(ctx, values, valid, expires); err != nil {
			return "", err
		}
	default:
		return "", mlflow.Errorf(mlflow.NotImplemented, "The server accesses %s with a shared access signature, which "+
			"cannot sign requests of clients. Set an account key (%s) or a managed identity.", b.name, envKey)
	}
	resource := "/blob/" + b.account + "/" + b.container + "/" + key
	values.Set("sig", sign(secret, blobToSign(resource, values)))
	return encodeQuery(values), nil
}

// blobToSign returns what a signature of requests for a blob covers: for a service SAS, and for a user delegation SAS,
// which has the fields of the key, too:
// https://learn.microsoft.com/en-us/rest/api/storageservices/create-service-sas,
// https://learn.microsoft.com/en-us/rest/api/storageservices/create-user-delegation-sas.
func blobToSign(resource string, values url.Values) string {
	lines := []string{values.Get("sp"), values.Get("st"), values.Get("se"), resource}
	names := "si sip spr sv sr snapshot ses rscc rscd rsce rscl rsct"
	if values.Has("skoid") {
		names = "skoid sktid skt ske sks skv saoid suoid scid sip spr sv sr snapshot ses rscc rscd rsce rscl rsct"
	}
	for name := range strings.FieldsSeq(names) {
		lines = append(lines, values.Get(name))
	}
	return strings.Join(lines, "\n")
}

// delegate requests a key that can sign for the server's identity, and adds its description to the values:
// https://learn.microsoft.com/en-us/rest/api/storageservices/get-user-delegation-key.
func (b *bucket) delegate(
	ctx context.Context, values url.Values, valid time.Duration, expires time.Time,
) ([]byte, error) {
	if valid > maxDelegation-clockSkew {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue,
			"A signature of a managed identity is valid for less than %s.", maxDelegation)
	}
	info := struct {
		XMLName xml.Name `xml:"KeyInfo"`
		Start   string
		Expiry  string
	}{
		Start:  time.Now().Add(-clockSkew).UTC().Format(time.RFC3339),
		Expiry: expires.Format(time.RFC3339),
	}
	text, err := xml.Marshal(info)
	if err != nil {
		return nil, err
	}
	u := *b.endpoint
	u.Path += "/"
	u.RawQuery = "restype=service&comp=userdelegationkey"
	found, err := b.send(ctx, &call{
		method: http.MethodPost, body: append([]byte(xml.Header), text...),
		header: map[string]string{"Content-Type": "application/xml"},
	}, &u)
	var response *responseError
	if errors.As(err, &response) && response.code == "AuthorizationPermissionMismatch" {
		return nil, mlflow.Errorf(mlflow.NotImplemented, "The identity of the server cannot sign requests for %s: it needs "+
			"the role Storage Blob Delegator for the account.", b.name)
	}
	if err != nil {
		return nil, b.failed(err)
	}
	var key struct {
		SignedOid, SignedTid, SignedStart, SignedExpiry, SignedService, SignedVersion string
		Value                                                                         []byte
	}
	if err := unmarshal(found.body, &key); err != nil {
		return nil, b.failed(err)
	}
	for name, value := range map[string]string{
		"skoid": key.SignedOid, "sktid": key.SignedTid, "skt": key.SignedStart, "ske": key.SignedExpiry,
		"sks": key.SignedService, "skv": key.SignedVersion,
	} {
		values.Set(name, value)
	}
	return base64.StdEncoding.AppendDecode(nil, key.Value)
}
