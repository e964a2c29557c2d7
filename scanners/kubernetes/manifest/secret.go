package manifest

import (
	"encoding/base64"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// secret reads a Secret. What SOPS encrypted stands in data without being base64;
// what is a placeholder keeps its key and is no value.
func (o *item) secret() bool {
	plain := tree{}
	if given, ok := o.tree["stringData"].(tree); ok {
		maps.Copy(plain, given)
	}
	data, _ := o.tree["data"].(tree)
	for _, key := range slices.Sorted(maps.Keys(data)) {
		text, ok := data[key].(string)
		if !ok {
			continue // the decoder tells
		}
		value, err := base64.StdEncoding.DecodeString(text)
		switch {
		case err == nil && !isPlaceholder(string(value)):
			continue
		case err == nil || isPlaceholder(text):
			data[key] = ""
		default:
			delete(data, key)
			if _, own := plain[key]; !own {
				plain[key] = ""
			}
			if isEncrypted(text) {
				plain[key] = text
				continue
			}
			o.lost(o.source.line([]string{"data", key}, "string"), fmt.Sprintf("data.%s of this Secret is no base64: the API server refuses it; write it into stringData, or encode it", short(key)))
		}
	}
	for key, value := range plain {
		if text, ok := value.(string); ok && isPlaceholder(text) {
			plain[key] = ""
		}
	}
	if len(plain) > 0 {
		o.tree["stringData"] = plain
	}
	var v corev1.Secret
	return o.decode(&v) && put(o, secrets(), object.FromSecret(&v, o.opts.Hash))
}

// isEncrypted reports whether SOPS encrypted a value.
func isEncrypted(text string) bool { return strings.HasPrefix(text, "ENC[") }

var placeholderForm = regexp.MustCompile(`(?s)^\s*(<[^<>]*>|\{\{.*\}\}|\$\{[^}]*\}|\$\([^)]*\)|ref\+.*|vault:.*#.*|op://.*|\$ANSIBLE_VAULT;.*)\s*$`)

// isPlaceholder reports whether a value is to be filled in by another tool.
func isPlaceholder(text string) bool { return placeholderForm.MatchString(text) }

// configMap keeps a ConfigMap if keys of it are named like secrets and have values
// that look so.
func (o *item) configMap() bool {
	var v corev1.ConfigMap
	if !o.decode(&v) {
		return false
	}
	out := object.ConfigMap{Meta: object.FromMeta("ConfigMap", "", &v.ObjectMeta)}
	for key, value := range v.Data {
		if object.SecretVariable(key, value) && !isPlaceholder(value) && !isEncrypted(value) {
			out.Keys = append(out.Keys, key)
		}
	}
	if len(out.Keys) == 0 {
		return false
	}
	slices.Sort(out.Keys)
	return put(o, configMaps(), out)
}
