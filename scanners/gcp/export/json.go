package export

import (
	"encoding/json"
	"errors"
	"io"
	"slices"

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

// lists are the names under which the APIs' answers hold a list of what was asked
// for (their discovery documents). The tool gcloud takes them out of it.
func lists() []string {
	return []string{
		"accounts", "activities", "assets", "clusters", "contacts", "cryptoKeys", "folders", "functions", "insights", "items", "jobs", "keyRings", "keys",
		"nodePools", "oauthClientCredentials", "oauthClients", "organizations", "policies", "policyBindings", "principalAccessBoundaryPolicies", "projects", "results",
		"roles", "secrets", "services", "subscriptions", "triggers", "versions", "workflows", "workforcePoolProviders", "workforcePools",
		"workloadIdentityPoolManagedIdentities", "workloadIdentityPoolProviders", "workloadIdentityPools",
	}
}

// value reads a value: an object, a list, or an answer.
func (doc *document) value(raw json.RawMessage) {
	var list []json.RawMessage
	if len(raw) > 0 && raw[0] == '[' && json.Unmarshal(raw, &list) == nil {
		doc.elements(list)
		return
	}
	var fields map[string]json.RawMessage
	if len(raw) == 0 || raw[0] != '{' || json.Unmarshal(raw, &fields) != nil {
		return
	}
	for _, key := range []string{"nextPageToken", "next_page_token"} {
		var token string
		if json.Unmarshal(fields[key], &token) == nil && token != "" {
			doc.more = true
		}
	}
	if name := answer(fields); name != "" && json.Unmarshal(fields[name], &list) == nil {
		doc.elements(list)
		return
	}
	doc.element(raw, fields)
}

// answer is the field of an API's answer that holds the list; empty if the object
// is none. An answer has nothing else but what goes with pages.
func answer(fields map[string]json.RawMessage) string {
	found := ""
	for key, v := range fields {
		switch {
		case len(v) > 0 && v[0] == '[' && slices.Contains(lists(), key):
			if found != "" {
				return ""
			}
			found = key
		case key == "nextPageToken", key == "kind", key == "id", key == "selfLink", key == "unreachable", key == "readTime", key == "totalSize", key == "missingZones", key == "apiVersion", key == "metadata":
		default:
			return ""
		}
	}
	return found
}

func (doc *document) elements(list []json.RawMessage) {
	doc.listed = true
	for _, raw := range list {
		var fields map[string]json.RawMessage
		if json.Unmarshal(raw, &fields) == nil {
			doc.element(raw, fields)
		}
	}
}
