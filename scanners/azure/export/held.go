package export

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// held tells under which field a value of a secret is saved, by what it is, and
// whether the object is nothing else.
func held(fields map[string]json.RawMessage) (what string, only bool) {
	has := func(keys ...string) bool {
		for _, k := range keys {
			if v := string(fields[k]); v == "" || v == "null" || v == `""` {
				return false
			}
		}
		return true
	}
	one := func(keys ...string) bool { return slices.ContainsFunc(keys, func(k string) bool { return has(k) }) }
	switch {
	case one("accessToken", "access_token", "refresh_token", "id_token"):
		return "a token", true
	case one("password", "clientSecret", "client_secret"):
		return "a client secret or password", true
	case has("keyName", "value"):
		return "the key of a storage account", true
	case one("connectionString", "primaryConnectionString", "secondaryConnectionString", "connectionStrings", "aliasPrimaryConnectionString"):
		return "a connection string", true
	case one("primaryKey", "secondaryKey", "primaryMasterKey", "secondaryMasterKey", "primaryReadonlyMasterKey", "key1", "key2"):
		return "the key of a resource", true
	case has("passwords", "username"):
		return "the password of a container registry", true
	case one("userPWD", "publishingPassword"):
		return "the password of a publishing profile", true
	case one("kubeconfigs"):
		return "a kubeconfig", true
	case has("name", "value") && len(fields["id"]) == 0 && len(fields["properties"]) == 0:
		return "settings of an application with their values", true
	case has("value") && strings.Contains(text(fields["id"]), "/secrets/"):
		return "the value of a secret of a vault", false
	case has("secretText"):
		return "a client secret", false
	case printed(fields["passwordCredentials"]):
		return "a client secret", false
	}
	return "", false
}

// printed reports whether one of the secrets of an application has its text.
func printed(list json.RawMessage) bool {
	var secrets []struct {
		Text json.RawMessage `json:"secretText"`
	}
	_ = json.Unmarshal(list, &secrets) // what is no list has none
	for _, s := range secrets {
		if text := string(s.Text); text != "" && text != "null" && text != `""` {
			return true
		}
	}
	return false
}

// values says that a file holds the value of a secret.
func (doc *document) values(what string) {
	if doc.told {
		return
	}
	doc.told = true
	doc.r.problems.Held(doc.name, fmt.Sprintf("holds %s, which was passed over. Delete the file, and rotate what it is for if others could read it", what))
}
