package artifact

import (
	"net/url"
	"path"
	"strings"
)

// contentTypes maps extensions to media types. Source code and configuration are plain
// text. It replaces the table of the operating system, so that a file has the same
// type on every server.
var contentTypes = func() map[string]string {
	types := map[string]string{
		"html": "text/html",
		"htm":  "text/html",
		"css":  "text/css",
		"pdf":  "application/pdf",
		"zip":  "application/zip",
		"tar":  "application/x-tar",
		"png":  "image/png",
		"jpg":  "image/jpeg",
		"jpeg": "image/jpeg",
		"gif":  "image/gif",
		"svg":  "image/svg+xml",
		"webp": "image/webp",
		"bmp":  "image/bmp",
		"tif":  "image/tiff",
		"tiff": "image/tiff",
		"ico":  "image/vnd.microsoft.icon",
		"avif": "image/avif",
		"mp3":  "audio/mpeg",
		"wav":  "audio/x-wav",
		"mp4":  "video/mp4",
		"webm": "video/webm",
		"wasm": "application/wasm",
	}
	const text = "txt log err cfg conf cnf cf ini properties prop hocon toml yaml yml xml json js py py3 csv tsv md rst " +
		"ipynb MLmodel mlproject MLproject"
	for ext := range strings.FieldsSeq(text) {
		types[ext] = "text/plain"
	}
	return types
}()

// ContentType returns the media type of a file by its name.
func ContentType(name string) string {
	name = path.Base(name)
	ext := strings.TrimPrefix(path.Ext(name), ".")
	if ext == "" {
		ext = name
	}
	if t, ok := contentTypes[ext]; ok {
		return t
	}
	if t, ok := contentTypes[strings.ToLower(ext)]; ok && t != "text/plain" {
		return t
	}
	return "application/octet-stream"
}

// Attachment returns the header Content-Disposition for a file name. A name that is
// not ASCII appears twice: reduced to ASCII for old clients, and encoded as UTF-8.
func Attachment(name string) string {
	isToken := func(r rune) bool {
		return r > ' ' && r < 0x7f && !strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	}
	if name != "" && strings.IndexFunc(name, func(r rune) bool { return !isToken(r) }) < 0 {
		return "attachment; filename=" + name
	}
	ascii := strings.Map(func(r rune) rune {
		switch {
		case r < ' ' || r >= 0x7f:
			return -1
		case r == '"' || r == '\\':
			return '_'
		}
		return r
	}, name)
	if ascii == name {
		return `attachment; filename="` + ascii + `"`
	}
	encoded := strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
	return `attachment; filename="` + ascii + `"; filename*=UTF-8''` + encoded
}
