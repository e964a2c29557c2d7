package live

import (
	"sync"

	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// Texts hold one copy of each text that comes over and over: permissions of roles,
// members of policies, algorithms of keys. Memory grows with the distinct ones.
type texts struct {
	mu   sync.Mutex
	seen map[string]string
}

func newTexts() *texts { return &texts{seen: map[string]string{}} }

func (t *texts) one(s string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.get(s)
}

func (t *texts) get(s string) string {
	if have, ok := t.seen[s]; ok {
		return have
	}
	t.seen[s] = s
	return s
}

func (t *texts) all(list []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, s := range list {
		list[i] = t.get(s)
	}
}

func (t *texts) role(r object.Role) object.Role {
	t.all(r.Permissions)
	return r
}

func (t *texts) key(k object.AccountKey) object.AccountKey {
	k.Type, k.Origin, k.Algorithm = t.one(k.Type), t.one(k.Origin), t.one(k.Algorithm)
	return k
}

func (t *texts) bindings(list []object.Binding) []object.Binding {
	for i := range list {
		list[i].Role = t.one(list[i].Role)
		t.all(list[i].Members)
	}
	return list
}
