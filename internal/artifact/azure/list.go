package azure

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/millrace-ml/millrace/internal/artifact/object"
)

// maxPage is the largest number of entries in an answer.
const maxPage = 5000

// entry is an entry of a list. Folders are those of accounts with a hierarchical namespace and of Hadoop, which exist
// beside the common prefixes.
type entry struct {
	object.Object
	folder bool
}

// page is an answer to List Blobs: https://learn.microsoft.com/en-us/rest/api/storageservices/list-blobs.
type page struct {
	Blobs struct {
		Blob []struct {
			Name       blobName
			Properties struct {
				Modified string `xml:"Last-Modified"`
				Size     int64  `xml:"Content-Length"`
				Type     string `xml:"ResourceType"`
			}
			Metadata struct {
				IsFolder string `xml:"hdi_isfolder"`
			}
		}
		BlobPrefix []struct{ Name blobName }
	}
	NextMarker string
}

// blobName is a name in XML. Those with characters that XML cannot have are encoded.
type blobName struct {
	Encoded bool   `xml:",attr"`
	Text    string `xml:",chardata"`
}

func (n blobName) decode() (string, error) {
	if !n.Encoded {
		return n.Text, nil
	}
	return url.PathUnescape(n.Text)
}

func (b *bucket) List(ctx context.Context, prefix string, shallow bool, limit int) iter.Seq2[object.Object, error] {
	return func(yield func(object.Object, error) bool) {
		for e, err := range b.entries(ctx, prefix, shallow, limit) {
			if !e.folder && !yield(e.Object, err) {
				return
			}
		}
	}
}

// entries returns the blobs and the folders whose names begin with prefix.
func (b *bucket) entries(ctx context.Context, prefix string, shallow bool, limit int) iter.Seq2[entry, error] {
	return func(yield func(entry, error) bool) {
		marker := ""
		for {
			p, err := b.listPage(ctx, prefix, marker, shallow, limit)
			if err != nil {
				yield(entry{}, err)
				return
			}
			found, err := p.entries()
			if err != nil {
				yield(entry{}, b.failed(err))
				return
			}
			for _, e := range found {
				if !yield(e, nil) {
					return
				}
			}
			if marker = p.NextMarker; marker == "" {
				return
			}
		}
	}
}

func (b *bucket) listPage(ctx context.Context, prefix, marker string, shallow bool, limit int) (*page, error) {
	query := url.Values{"restype": {"container"}, "comp": {"list"}, "include": {"metadata"}}
	if prefix != "" {
		query.Set("prefix", prefix)
	}
	if marker != "" {
		query.Set("marker", marker)
	}
	if shallow {
		query.Set("delimiter", "/")
	}
	if limit > 0 {
		query.Set("maxresults", strconv.Itoa(min(limit, maxPage)))
	}
	found, err := b.do(ctx, &call{method: http.MethodGet, query: query})
	if err != nil {
		return nil, err
	}
	p := &page{}
	if err := unmarshal(found.body, p); err != nil {
		return nil, b.failed(fmt.Errorf("the list is not XML: %w", err))
	}
	return p, nil
}

// entries returns the entries of a page in the order of their names.
func (p *page) entries() ([]entry, error) {
	all := make([]entry, 0, len(p.Blobs.Blob)+len(p.Blobs.BlobPrefix))
	for i := range p.Blobs.Blob {
		blob := &p.Blobs.Blob[i]
		key, err := blob.Name.decode()
		if err != nil {
			return nil, err
		}
		modified, err := http.ParseTime(blob.Properties.Modified)
		if err != nil {
			return nil, err
		}
		all = append(all, entry{
			object.Object{Key: key, Size: blob.Properties.Size, ModTime: modified},
			blob.Properties.Type == "directory" || blob.Metadata.IsFolder == "true",
		})
	}
	for i := range p.Blobs.BlobPrefix {
		key, err := p.Blobs.BlobPrefix[i].Name.decode()
		if err != nil {
			return nil, err
		}
		all = append(all, entry{Object: object.Object{Key: key}})
	}
	slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(a.Key, b.Key) })
	return all, nil
}
