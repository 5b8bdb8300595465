// Package stores compares Millrace's clients of object stores with those of the vendors, on the servers of
// test/with_stores.sh.
package stores

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"github.com/millrace-ml/millrace/internal/artifact"
	_ "github.com/millrace-ml/millrace/internal/artifact/azure"
	"github.com/millrace-ml/millrace/internal/artifact/object"
)

// Azurite's account, which is public.
const (
	account = "devstoreaccount1"
	key     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// open returns the same empty container for Millrace and for Azure's SDK.
func open(t *testing.T) (*object.Repo, *container.Client, *blob.SharedKeyCredential) {
	t.Helper()
	endpoint := os.Getenv("MILLRACE_TEST_AZURE")
	if endpoint == "" {
		t.Skip("MILLRACE_TEST_AZURE names no server: see test/with_stores.sh")
	}
	name := strings.ToLower(t.Name())
	credential, err := blob.NewSharedKeyCredential(account, key)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := container.NewClientWithSharedKeyCredential(endpoint+"/"+account+"/"+name, credential, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = theirs.Delete(t.Context(), nil) // It exists only after a test that was killed.
	if _, err := theirs.Create(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AZURE_STORAGE_CONNECTION_STRING", "AccountName="+account+";AccountKey="+key+";BlobEndpoint="+endpoint+"/"+account)
	repo, err := artifact.Open("wasbs://" + name + "@" + account + ".blob.core.windows.net")
	if err != nil {
		t.Fatal(err)
	}
	ours, _ := repo.(*object.Repo)
	return ours, theirs, credential
}

// files has names that must be encoded, and contents of one part and of several.
var files = map[string]string{
	"d/a b/ü+'&=?%41;,@$.json": "{}",
	"d/empty":                  "",
	"d/実験 🦊":                   "x",
	"d/large.txt":              strings.Repeat("0123456789abcdef", 20<<16),
}

func TestAzureSDKReadsOurs(t *testing.T) {
	ours, theirs, _ := open(t)
	for name, content := range files {
		if err := ours.Put(t.Context(), name, strings.NewReader(content)); err != nil {
			t.Fatal(err)
		}
		client := theirs.NewBlockBlobClient(name)
		out, err := client.DownloadStream(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(out.Body)
		if err != nil || string(text) != content || *out.ContentType != artifact.ContentType(name) {
			t.Errorf("%s: %d bytes of %d, type %s, %v", name, len(text), len(content), *out.ContentType, err)
		}
		blocks, err := client.GetBlockList(t.Context(), blockblob.BlockListTypeAll, nil)
		if err != nil || len(blocks.UncommittedBlocks) != 0 || len(blocks.CommittedBlocks) != (len(content)-1)/(5<<20)+1 &&
			len(blocks.CommittedBlocks) != 0 {
			t.Errorf("%s: blocks %v, %v", name, blocks.BlockList, err)
		}
	}
	var names []string
	pager := theirs.NewListBlobsFlatPager(nil)
	for pager.More() {
		page, err := pager.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Segment.BlobItems {
			names = append(names, *item.Name)
			if int(*item.Properties.ContentLength) != len(files[*item.Name]) {
				t.Errorf("%s: %d bytes", *item.Name, *item.Properties.ContentLength)
			}
		}
	}
	if len(names) != len(files) {
		t.Errorf("names %q", names)
	}
}

func TestWeReadAzureSDKs(t *testing.T) {
	ours, theirs, _ := open(t)
	for name, content := range files {
		client := theirs.NewBlockBlobClient(name)
		if _, err := client.UploadBuffer(t.Context(), []byte(content), &blockblob.UploadBufferOptions{BlockSize: 1 << 20}); err != nil {
			t.Fatal(err)
		}
		f, err := ours.Open(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(f)
		if err != nil || string(text) != content || f.Size != int64(len(content)) {
			t.Errorf("%s: %d bytes of %d, %v", name, len(text), len(content), err)
		}
		_ = f.Close() // It was read.
	}
	for folder, want := range map[string][]string{"d": {"d/a b", "d/empty", "d/large.txt", "d/実験 🦊"}, "d/a b": {"d/a b/ü+'&=?%41;,@$.json"}} {
		list, err := ours.List(t.Context(), folder)
		var got []string
		for _, f := range list {
			got = append(got, f.Path)
			if !f.IsDir && f.FileSize != int64(len(files[f.Path])) {
				t.Errorf("%+v", f)
			}
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v", folder, got, err)
		}
	}
	if err := ours.Delete(t.Context(), "d"); err != nil {
		t.Fatal(err)
	}
	if page, err := theirs.NewListBlobsFlatPager(nil).NextPage(t.Context()); err != nil || len(page.Segment.BlobItems) > 0 {
		t.Errorf("after the deletion: %v, %v", page.Segment.BlobItems, err)
	}
}

// TestAzureSignatures compares signatures, and uses ours in the SDK.
func TestAzureSignatures(t *testing.T) {
	ours, theirs, credential := open(t)
	for name := range files {
		signed, err := ours.Signer().SignGet(t.Context(), name, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := sas.ParseURL(signed.URL)
		if err != nil {
			t.Fatal(err)
		}
		got := parsed.SAS
		want, err := sas.BlobSignatureValues{
			Version: got.Version(), ExpiryTime: got.ExpiryTime(), Permissions: got.Permissions(), ContainerName: parsed.ContainerName,
			BlobName: name, ContentDisposition: got.ContentDisposition(),
		}.SignWithSharedKey(credential)
		if err != nil || got.Signature() != want.Signature() {
			t.Errorf("%s: %s, %v, want %s", name, got.Signature(), err, want.Signature())
		}
	}
	_, parts, err := ours.Signer().SignParts(t.Context(), "f", 3, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	var stored []object.StoredPart
	for i, part := range parts {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, part.URL, bytes.NewReader([]byte{byte('a' + i)}))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil || response.StatusCode != http.StatusCreated {
			t.Fatal(response, err)
		}
		_ = response.Body.Close() // It is empty.
		stored = append(stored, object.StoredPart{Number: int32(i + 1), URL: part.URL})
	}
	if err := ours.Signer().CompleteParts(t.Context(), "f", "", stored); err != nil {
		t.Fatal(err)
	}
	list, err := theirs.NewBlockBlobClient("f").GetBlockList(t.Context(), blockblob.BlockListTypeCommitted, nil)
	if err != nil || len(list.CommittedBlocks) != 3 || *list.CommittedBlocks[2].Size != 1 {
		t.Fatalf("%v, %v", list.CommittedBlocks, err)
	}
	for i, block := range list.CommittedBlocks {
		id, err := base64.StdEncoding.DecodeString(*block.Name)
		if err != nil || !strings.HasSuffix(string(id), fmt.Sprintf("_%05d", i+1)) {
			t.Errorf("block %d: %s, %v", i, id, err)
		}
	}
}
