package object

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/muster-nhi/muster/internal/inventory"
)

// A Tree is a custom resource as JSON or YAML gives it: objects are
// map[string]any, lists []any.
type Tree = map[string]any

// at returns what stands at a path; nil if nothing does.
func at(t Tree, path ...string) any {
	var here any = t
	for _, key := range path {
		m, ok := here.(map[string]any)
		if !ok {
			return nil
		}
		here = m[key]
	}
	return here
}

func treeAt(t Tree, path ...string) Tree {
	m, _ := at(t, path...).(map[string]any)
	return m
}

func textAt(t Tree, path ...string) string {
	s, _ := at(t, path...).(string)
	return intern(s)
}

func boolAt(t Tree, path ...string) bool {
	b, _ := at(t, path...).(bool)
	return b
}

func treesAt(t Tree, path ...string) []Tree {
	list, _ := at(t, path...).([]any)
	var out []Tree
	for _, item := range list {
		if m, ok := item.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

func textsAt(t Tree, path ...string) []string {
	list, _ := at(t, path...).([]any)
	var out []string
	for _, item := range list {
		if s, ok := item.(string); ok {
			out = append(out, intern(s))
		}
	}
	return out
}

// numberAt returns a whole number, whichever type the decoder gave it; otherwise
// if there is none.
func numberAt(t Tree, otherwise int, path ...string) int {
	switch n := at(t, path...).(type) {
	case int:
		return n
	case int64:
		return int(n)
	case float64:
		return int(n)
	case json.Number:
		if i, err := n.Int64(); err == nil {
			return int(i)
		}
	}
	return otherwise
}

// timeAt returns a time (RFC 3339); YAML decoders may have parsed it.
func timeAt(t Tree, path ...string) time.Time {
	switch v := at(t, path...).(type) {
	case time.Time:
		return v.UTC()
	case string:
		if when, err := time.Parse(time.RFC3339, v); err == nil {
			return when.UTC()
		}
	}
	return time.Time{}
}

// secondsAt returns a duration as Go writes it ("2160h"), in seconds; otherwise
// if there is none that can be read.
func secondsAt(t Tree, otherwise int64, path ...string) int64 {
	text := textAt(t, path...)
	if text == "0" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return otherwise
	}
	return int64(d / time.Second)
}

// conditionAt returns the status of a condition (meta/v1 Condition).
func conditionAt(t Tree, kind string) inventory.Tri {
	for _, c := range treesAt(t, "status", "conditions") {
		if textAt(c, "type") != kind {
			continue
		}
		switch textAt(c, "status") {
		case "True":
			return inventory.True
		case "False":
			return inventory.False
		}
	}
	return inventory.Unknown
}

// treeMeta reads the metadata of a custom resource. What does not have the form
// of metadata is left out, so that one odd label does not cost the object.
func treeMeta(t Tree) Meta {
	source := treeAt(t, "metadata")
	var m metav1.ObjectMeta
	if !recode(source, &m) {
		m = metav1.ObjectMeta{Labels: textMap(treeAt(source, "labels")), Annotations: textMap(treeAt(source, "annotations"))}
		m.Name, m.GenerateName, m.Namespace = textAt(source, "name"), textAt(source, "generateName"), textAt(source, "namespace")
	}
	return FromMeta(textAt(t, "kind"), intern(groupOf(textAt(t, "apiVersion"))), &m)
}

func textMap(t Tree) map[string]string {
	out := map[string]string{}
	for key, value := range t {
		if s, ok := value.(string); ok {
			out[key] = s
		}
	}
	return out
}

// recode reads a part of a tree into a type with JSON tags.
func recode(from, into any) bool {
	text, err := json.Marshal(from)
	return err == nil && json.Unmarshal(text, into) == nil
}

// podSpec reads the specification of a pod, or of something that has its fields.
func podSpec(t Tree) *corev1.PodSpec {
	spec := &corev1.PodSpec{}
	if t != nil {
		recode(t, spec)
	}
	return spec
}

// references collects what the parts of a provider's configuration point to:
// Secrets (an object with a name and a key, or under a key that ends in SecretRef)
// and the service account that it signs in as.
type references struct {
	secrets            []string
	account, namespace string
}

func (r *references) walk(t Tree, depth int) {
	if depth > 12 {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(t)) {
		switch v := t[key].(type) {
		case map[string]any:
			r.visit(key, v)
			r.walk(v, depth+1)
		case []any:
			for _, item := range v {
				if m, ok := item.(map[string]any); ok {
					r.visit(key, m)
					r.walk(m, depth+1)
				}
			}
		}
	}
}

func (r *references) visit(key string, t Tree) {
	name := textAt(t, "name")
	if name == "" {
		return
	}
	lower := strings.ToLower(key)
	switch _, keyed := t["key"].(string); {
	case strings.HasSuffix(lower, "serviceaccountref") || lower == "serviceaccount":
		if r.account == "" {
			r.account, r.namespace = name, textAt(t, "namespace")
		}
	case strings.Contains(lower, "configmap"):
	case keyed, strings.HasSuffix(lower, "secretref"), strings.HasSuffix(lower, "credentialsref"), strings.HasSuffix(lower, "secret"):
		if !slices.Contains(r.secrets, name) {
			r.secrets = append(r.secrets, name)
		}
	}
}

// firstText returns the first text under one of some keys, nearest to the top.
func firstText(t Tree, depth int, keys ...string) string {
	for _, key := range keys {
		if s := textAt(t, key); s != "" {
			return s
		}
	}
	if depth <= 0 {
		return ""
	}
	for _, key := range slices.Sorted(maps.Keys(t)) {
		if m, ok := t[key].(map[string]any); ok {
			if s := firstText(m, depth-1, keys...); s != "" {
				return s
			}
		}
	}
	return ""
}
