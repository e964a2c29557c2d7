package correlate

import (
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// index holds the look-ups that the matchers share. Every list in it is in the
// order of the inventory, which is by id.
type index struct {
	inv      *inventory.Inventory
	public   map[string][]*inventory.Identity   // by id, native id and public ids, normalised
	named    map[string][]*inventory.Identity   // by scope and name
	live     map[string][]*inventory.Credential // those listed by their platform, by public id, normalised
	stores   map[string][]*inventory.Credential // keys of storage accounts that their platform lists, by the account's name, normalised
	accounts map[string][]*inventory.Identity   // Kubernetes service accounts, by system:serviceaccount:NAMESPACE:NAME
	repos    map[string][]*inventory.Identity   // workflows and pipelines, by repository: github.com/org/name
	hosts    []string                           // the keys of repos, sorted
	scopes   map[string]bool                    // every part of every scope that was read, and whether its credentials were in full
}

func newIndex(inv *inventory.Inventory) *index {
	ix := &index{
		inv:    inv,
		public: make(map[string][]*inventory.Identity, len(inv.Identities)*2), named: map[string][]*inventory.Identity{},
		live: map[string][]*inventory.Credential{}, stores: map[string][]*inventory.Credential{}, accounts: map[string][]*inventory.Identity{},
		repos: map[string][]*inventory.Identity{}, scopes: map[string]bool{},
	}
	for _, i := range inv.Identities {
		ix.addIdentity(i)
	}
	for _, c := range inv.Credentials {
		id := normal(c.PublicID)
		switch {
		case c.PublicID == "":
		case isLive(c):
			ix.live[id] = append(ix.live[id], c)
		case c.Type == storageKey && len(c.FoundAt) == 0:
			ix.stores[id] = append(ix.stores[id], c)
		}
	}
	for host := range ix.repos {
		ix.hosts = append(ix.hosts, host)
	}
	slices.Sort(ix.hosts)
	for _, c := range inv.Coverages {
		full := c.Kind == inventory.KindCredential && c.Status == inventory.StatusComplete
		for part := range strings.FieldsFuncSeq(c.Scope, func(r rune) bool { return r == ':' || r == '/' || r == '@' }) {
			ix.scopes[part] = ix.scopes[part] || full
		}
	}
	return ix
}

func (ix *index) addIdentity(i *inventory.Identity) {
	add := func(m map[string][]*inventory.Identity, key string) {
		if list := m[key]; key != "" && (len(list) == 0 || list[len(list)-1] != i) {
			m[key] = append(list, i)
		}
	}
	_, native, _ := strings.Cut(i.ID, ":")
	add(ix.public, normal(i.ID))
	add(ix.public, normal(native))
	for _, id := range i.PublicIDs {
		add(ix.public, normal(id))
	}
	add(ix.named, i.Scope+"\x00"+i.Name)
	switch i.Type {
	case serviceAccountType:
		add(ix.accounts, serviceAccount(i))
	case "github.workflow", "gitlab.pipeline":
		add(ix.repos, strings.ToLower(i.Scope))
	}
}

// isLive reports whether a platform listed the credential, rather than that it
// was found lying about.
func isLive(c *inventory.Credential) bool {
	return c.Identity != "" && len(c.FoundAt) == 0
}

// serviceAccount returns the subject that Kubernetes gives the tokens of a
// service account: system:serviceaccount:NAMESPACE:NAME
// (https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/).
func serviceAccount(i *inventory.Identity) string {
	for _, id := range i.PublicIDs {
		if strings.HasPrefix(id, serviceAccountPrefix) {
			return id
		}
	}
	namespace, name := i.Attributes["namespace"], i.Name
	if ns, n, ok := strings.Cut(i.Name, "/"); ok {
		namespace, name = ns, n
	}
	if namespace == "" {
		return ""
	}
	return serviceAccountPrefix + namespace + ":" + name
}

const serviceAccountPrefix = "system:serviceaccount:"

// resolve returns the identities that go by a public identifier, at most
// fanOut: live ones if there are any, else declared ones. An identifier that is
// not unique in the world counts only on the same platform.
func (ix *index) resolve(id, platform string) []*inventory.Identity {
	list := ix.public[normal(id)]
	if len(list) == 0 {
		return nil
	}
	unique := isUnique(id)
	var found, declared []*inventory.Identity
	for _, i := range list {
		switch {
		case !unique && platformOf(i.Type) != platform:
		case i.Declared:
			declared = append(declared, i)
		default:
			found = append(found, i)
		}
	}
	if len(found) == 0 {
		found = declared
	}
	return found[:min(len(found), fanOut)]
}

// normal makes two spellings of one public identifier equal. E-mail addresses
// and GUIDs are not case-sensitive; a session of an assumed AWS role stands for
// the role.
func normal(id string) string {
	id = strings.TrimSpace(id)
	if isGUID(id) || isEmail(id) {
		return strings.ToLower(id)
	}
	if rest, ok := strings.CutPrefix(id, "arn:aws:sts::"); ok {
		account, rest, _ := strings.Cut(rest, ":assumed-role/")
		if role, _, ok := strings.Cut(rest, "/"); ok {
			return "arn:aws:iam::" + account + ":role/" + role
		}
	}
	return id
}

// isUnique reports whether a public identifier is unique in the world, by its
// form, so that it says something whatever platform it was met on.
func isUnique(id string) bool {
	return strings.HasPrefix(id, "arn:") || strings.Contains(id, "://") || strings.HasPrefix(id, "SHA256:") ||
		isGUID(id) || isEmail(id) || isAccessKey(id)
}

func isEmail(s string) bool {
	at := strings.LastIndexByte(s, '@')
	return at > 0 && !strings.ContainsAny(s, " /\t<>:,;") && strings.Contains(s[at:], ".") && !strings.HasSuffix(s, ".")
}

// isGUID reports whether s is 32 hex digits in groups of 8, 4, 4, 4 and 12.
func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if s[i] != '-' {
				return false
			}
		} else if !isHex(s[i]) {
			return false
		}
	}
	return true
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// isAccessKey reports whether s has the form of an AWS unique id: a four-letter
// prefix that begins with A and at least 12 further letters and digits
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html).
func isAccessKey(s string) bool {
	if len(s) < 16 || len(s) > 128 || s[0] != 'A' {
		return false
	}
	for i := range len(s) {
		if (s[i] < 'A' || s[i] > 'Z') && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return true
}

// platformOf returns the part of a type before the dot. Entra ID and Azure are
// one platform.
func platformOf(kind string) string {
	platform, _, _ := strings.Cut(kind, ".")
	if platform == "entra" {
		return "azure"
	}
	return platform
}
