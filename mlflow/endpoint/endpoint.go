// Package endpoint describes routes of the REST API by their methods, paths and messages.
package endpoint

import (
	"reflect"
	"strings"
)

// Endpoint is a route of the API with the types of its request and response. Path is
// relative to /api/ for clients and to /ajax-api/ for web pages. {name} stands for the
// field with the tag path:"name".
type Endpoint[Req, Resp any] struct {
	Method string
	Path   string
}

// Set returns a struct whose fields are endpoints. Their tags have the method and the path,
// such as `route:"GET 2.0/mlflow/runs/get"`.
func Set[S any]() *S {
	all := new(S)
	v := reflect.ValueOf(all).Elem()
	for i := range v.NumField() {
		method, path, _ := strings.Cut(v.Type().Field(i).Tag.Get("route"), " ")
		v.Field(i).FieldByName("Method").SetString(method)
		v.Field(i).FieldByName("Path").SetString(path)
	}
	return all
}

// Empty is a message without fields, {} in JSON.
type Empty struct{}
