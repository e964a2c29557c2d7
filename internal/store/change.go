package store

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"

	"github.com/muster-nhi/muster/internal/inventory"
)

// changes compares two bodies of one record field by field.
func changes(before, after []byte) ([]Change, error) {
	var a, b map[string]map[string]json.RawMessage
	if err := json.Unmarshal(before, &a); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(after, &b); err != nil {
		return nil, err
	}
	var out []Change
	for kind, fields := range b {
		for name, value := range fields {
			if old := a[kind][name]; !bytes.Equal(old, value) {
				out = append(out, Change{name, short(old), short(value)})
			}
		}
		for name, old := range a[kind] {
			if _, ok := fields[name]; !ok {
				out = append(out, Change{name, short(old), ""})
			}
		}
	}
	slices.SortFunc(out, func(x, y Change) int { return cmp.Compare(x.Field, y.Field) })
	return out, nil
}

// short cuts a value to what a person reads.
func short(value []byte) string {
	const limit = 200
	if len(value) <= limit {
		return string(value)
	}
	return string(bytes.ToValidUTF8(value[:limit], nil)) + "…"
}

func itemOf(r inventory.Record) DiffItem {
	item := DiffItem{Kind: r.Kind(), ID: r.ID(), Scope: r.Scope()}
	switch {
	case r.Identity != nil:
		item.Type, item.Name = r.Identity.Type, r.Identity.Name
	case r.Credential != nil:
		item.Type, item.Name = r.Credential.Type, r.Credential.Name
	case r.Grant != nil:
		item.Name = r.Grant.Name
	case r.Trust != nil:
		item.Type = r.Trust.Type
	case r.Consumer != nil:
		item.Type, item.Name = r.Consumer.Kind, r.Consumer.Workload
	case r.Usage != nil:
		item.ID, item.Name = r.Usage.Subject, r.Usage.Service
	case r.Owner != nil:
		item.ID, item.Name, item.Type = r.Owner.Subject, r.Owner.Owner, r.Owner.Method
	case r.Coverage != nil:
		item.ID, item.Type = r.Coverage.Scanner+" "+string(r.Coverage.Kind), string(r.Coverage.Status)
	case r.Relation != nil:
		item.ID, item.Type, item.Name = r.Relation.From, r.Relation.Type, r.Relation.To
	case r.Finding != nil:
		item.Type, item.Name = r.Finding.Rule, r.Finding.Title
	}
	return item
}
