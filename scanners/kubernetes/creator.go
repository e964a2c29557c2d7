package kubernetes

import (
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/kubernetes/audit"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// A creatorKey names an object as an audit log does.
type creatorKey struct {
	resource string
	key
}

// creationSlack is how far the time of the request and the one that the API server
// wrote into the object may be apart: a request may take a minute, and objects
// have whole seconds. What is further off is of an object of the same name that is
// gone.
const creationSlack = time.Minute

// indexCreators keeps who made what by the audit log.
func (m *mapper) indexCreators() {
	if m.uses == nil {
		return
	}
	made, lost := m.uses.Creations()
	if lost > 0 {
		m.note(inventory.KindOwner, "the audit log tells of more objects that were made than are kept; who made the others is not told")
	}
	m.creators = make(map[creatorKey]audit.Creation, len(made))
	for _, c := range made {
		m.creators[creatorKey{c.Resource, key{c.Namespace, c.Name}}] = c
	}
}

// putCreators emits who made an object: the manager of its first write and, if that
// is no program that would know, or a program whose user was a person, the user of
// the audit log.
func (m *mapper) putCreators(subject string, o *object.Meta) {
	tool := creatorOf(o)
	m.putOwner(subject, tool)
	if user := m.auditedCreator(o); user.owner != tool.owner && (tool.owner == "" || user.kind != machine) {
		m.putOwner(subject, user)
	}
}

// auditedCreator returns the user who made an object by the audit log, unless it is
// the control plane.
func (m *mapper) auditedCreator(o *object.Meta) owning {
	resource := ""
	switch o.Kind {
	case kindAccount:
		resource = "serviceaccounts"
	case "Secret":
		resource = "secrets"
	case "CertificateSigningRequest":
		resource = "certificatesigningrequests"
	}
	c, ok := m.creators[creatorKey{resource, key{o.Namespace, o.Name}}]
	if d := o.CreatedAt.Sub(c.At); !ok || o.CreatedAt.IsZero() || d > creationSlack || d < -creationSlack {
		return owning{}
	}
	out := owning{c.By, "", "creator", "audit log", inventory.ConfidenceLow}
	if k, ok := accountOfUser(c.By); ok {
		if k.namespace == "kube-system" {
			return owning{}
		}
		out.kind = machine
	} else if strings.HasPrefix(c.By, "system:") || c.By == "kubernetes-admin" {
		return owning{} // the control plane, or kubeadm's certificate that people share
	}
	return out
}
