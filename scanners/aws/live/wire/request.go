package wire

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// A draft is a request before it is signed.
type draft struct {
	method, path, query string
	header              map[string]string
	body                []byte
}

// write makes a request of an operation and its parameters.
func write(op Operation, in Values) (draft, error) {
	switch op.Service.Protocol {
	case Query, EC2:
		return writeForm(op, in), nil
	case JSON:
		body, err := json.Marshal(nonNil(in))
		if err != nil {
			return draft{}, fmt.Errorf("write the parameters: %w", err)
		}
		return draft{method: http.MethodPost, path: "/", body: body, header: map[string]string{
			"Content-Type": "application/x-amz-json-" + op.Service.Version,
			"X-Amz-Target": op.Service.Target + "." + op.Name,
		}}, nil
	case REST, S3:
		return writeREST(op, in)
	default:
		return draft{}, fmt.Errorf("protocol %d is none", op.Service.Protocol)
	}
}

func nonNil(in Values) Values {
	if in == nil {
		return Values{}
	}
	return in
}

// writeForm writes the form of awsQuery and ec2Query, which differ in how a list
// is numbered.
func writeForm(op Operation, in Values) draft {
	form := url.Values{"Action": {op.Name}, "Version": {op.Service.Version}}
	for name, value := range in {
		list, ok := value.([]string)
		if !ok {
			form.Set(name, text(value))
			continue
		}
		member := ".member."
		if op.Service.Protocol == EC2 {
			member = "."
		}
		for i, v := range list {
			form.Set(name+member+strconv.Itoa(i+1), v)
		}
	}
	return draft{
		method: http.MethodPost, path: "/", body: []byte(form.Encode()),
		header: map[string]string{"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
	}
}

// writeREST puts parameters into the path, the query and, with a body, that.
func writeREST(op Operation, in Values) (draft, error) {
	d := draft{method: op.Method, header: map[string]string{}}
	if d.method == "" {
		d.method = http.MethodPost
	}
	path, literal, _ := strings.Cut(op.Path, "?")
	query, _ := url.ParseQuery(literal) // of the table of operations
	body := Values{}
	for _, name := range slices.Sorted(maps.Keys(in)) {
		value := in[name]
		switch hole := "{" + name + "}"; {
		case strings.Contains(path, hole):
			path = strings.ReplaceAll(path, hole, escape(text(value)))
		case d.method == http.MethodGet, slices.Contains(op.InQuery, name):
			query.Set(name, text(value))
		default:
			body[name] = value
		}
	}
	if strings.Contains(path, "{") {
		return draft{}, fmt.Errorf("a parameter of %s is missing", op.Path)
	}
	d.path, d.query = path, strings.ReplaceAll(query.Encode(), "+", "%20")
	if d.method == http.MethodGet {
		return d, nil
	}
	data, err := json.Marshal(body)
	if err != nil {
		return draft{}, fmt.Errorf("write the parameters: %w", err)
	}
	d.body, d.header["Content-Type"] = data, "application/json"
	return d, nil
}

// escape writes a parameter as one segment of a path (RFC 3986: only unreserved
// characters stand for themselves).
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	default:
		return fmt.Sprint(v)
	}
}

// request makes the HTTP request, not signed yet.
func (d draft) request(ctx context.Context, base, userAgent string) (*http.Request, string, error) {
	address := strings.TrimSuffix(base, "/") + d.path
	if d.query != "" {
		address += "?" + d.query
	}
	var body io.Reader
	if d.body != nil {
		body = bytes.NewReader(d.body)
	}
	r, err := http.NewRequestWithContext(ctx, d.method, address, body)
	if err != nil {
		return nil, "", fmt.Errorf("make the request: %w", err)
	}
	for name, value := range d.header {
		r.Header.Set(name, value)
	}
	if userAgent != "" {
		r.Header.Set("User-Agent", userAgent)
	}
	sum := sha256.Sum256(d.body)
	return r, hex.EncodeToString(sum[:]), nil
}
