package users

import (
	"fmt"
	"html"
	"net/http"
)

// htmlPage is a page with a title, a body and a link. Package html/template would keep
// every method of the program alive and make it a quarter larger.
const htmlPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>%[1]s</title>
<style>body{font:16px/1.5 sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem;color-scheme:light dark}</style>
<h1>%[1]s</h1>
%[2]s
<p><a href="%[3]s">%[4]s</a></p>
</html>
`

// writePage answers a request of a browser with a page. body is HTML, and the other texts
// are plain.
func writePage(w http.ResponseWriter, status int, title, body, href, link string) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'")
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	fmt.Fprintf(w, htmlPage, html.EscapeString(title), body, html.EscapeString(href), html.EscapeString(link))
}

func paragraph(text string) string { return "<p>" + html.EscapeString(text) + "</p>" }
