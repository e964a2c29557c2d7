package export

import (
	"encoding/json"
	"errors"
	"io"

	"github.com/muster-nhi/muster/internal/saved"
)

// json reads the values of a file one after another: objects on lines of their own,
// a list of objects, or the answer of an API with a list in it.
func (r *reader) json(name string, in io.Reader) {
	doc := r.document(name)
	s := saved.NewStream(in, saved.Options(r.opts))
	for {
		list, err := s.Next(r.ctx, doc.value)
		doc.listed = doc.listed || list
		if errors.Is(err, io.EOF) {
			doc.finish(false)
			return
		}
		if err != nil {
			if r.ctx.Err() == nil {
				r.lost(name, s.Broken(err, "broken"))
			}
			doc.finish(true)
			return
		}
	}
}

// value reads a value: an object, a list, or an answer with a list in it.
func (doc *document) value(raw json.RawMessage) {
	var list []json.RawMessage
	if len(raw) > 0 && raw[0] == '[' && json.Unmarshal(raw, &list) == nil {
		doc.listed = true
		doc.elements(list)
		return
	}
	var fields map[string]json.RawMessage
	if len(raw) == 0 || raw[0] != '{' || json.Unmarshal(raw, &fields) != nil {
		return
	}
	if context := text(fields["@odata.context"]); context != "" {
		doc.collection, doc.parent = collectionOf(context)
	}
	if key := answer(fields); key != "" && json.Unmarshal(fields[key], &list) == nil {
		doc.listed = true
		doc.page(fields, key)
		doc.elements(list)
		return
	}
	if json.Unmarshal(fields["responses"], &list) == nil && len(list) > 0 {
		doc.batch(list)
		return
	}
	doc.element(raw, fields)
}

// answer is the field of an answer that holds the list: value of Graph, Resource
// Manager and vaults, data of Resource Graph. Empty if the object is none.
func answer(fields map[string]json.RawMessage) string {
	if v := fields["value"]; len(v) > 0 && v[0] == '[' && len(fields["name"]) == 0 && len(fields["keyName"]) == 0 {
		return "value"
	}
	if v := fields["data"]; len(v) > 0 && v[0] == '[' && (len(fields["count"]) > 0 || len(fields["total_records"]) > 0 || len(fields["totalRecords"]) > 0) {
		return "data"
	}
	return ""
}

// page takes in whether more follows an answer.
func (doc *document) page(fields map[string]json.RawMessage, key string) {
	more := false
	for _, next := range []string{"@odata.nextLink", "nextLink", "skip_token", "$skipToken", "skipToken"} {
		more = more || text(fields[next]) != ""
	}
	doc.more = doc.more || more
	doc.pages++
	if !more {
		doc.ended++
	}
	if key != "data" {
		return
	}
	doc.query = true
	if cut := text(fields["resultTruncated"]); cut == "true" && !more {
		doc.short = true
	}
}

// batch reads the answers in that to a batch of Microsoft Graph.
func (doc *document) batch(list []json.RawMessage) {
	for _, raw := range list {
		var one struct {
			Status int             `json:"status"`
			Body   json.RawMessage `json:"body"`
		}
		if json.Unmarshal(raw, &one) == nil && one.Status > 0 {
			doc.collection, doc.parent = "", ""
			doc.value(one.Body)
		}
	}
}

func (doc *document) elements(list []json.RawMessage) {
	for _, raw := range list {
		var fields map[string]json.RawMessage
		if json.Unmarshal(raw, &fields) == nil {
			doc.element(raw, fields)
		}
	}
}
