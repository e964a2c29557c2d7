package object

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/muster-nhi/muster/internal/inventory"
)

// FromPodSpec keeps what Pod has of a pod's specification. With hash, the literal
// values of variables whose names call for a secret are hashed; no value is kept.
func (t *Texts) FromPodSpec(spec *corev1.PodSpec, hash func([]byte) inventory.SecretHash) Pod {
	out := podReader{texts: t, Pod: Pod{
		ServiceAccount: t.intern(cmp.Or(spec.ServiceAccountName, spec.DeprecatedServiceAccount)),
		Automount:      triOf(spec.AutomountServiceAccountToken),
		HostNetwork:    spec.HostNetwork, HostPID: spec.HostPID, HostIPC: spec.HostIPC,
		Node: t.intern(spec.NodeName),
	}}
	for _, s := range spec.ImagePullSecrets {
		out.PullSecrets = append(out.PullSecrets, t.intern(s.Name))
	}
	for i := range spec.Volumes {
		out.volume(&spec.Volumes[i])
	}
	for _, list := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for i := range list {
			out.container(&list[i], hash)
		}
	}
	for i := range spec.EphemeralContainers {
		c := corev1.Container(spec.EphemeralContainers[i].EphemeralContainerCommon)
		out.container(&c, hash)
	}
	out.normalize()
	return out.Pod
}

// A podReader fills a Pod.
type podReader struct {
	Pod
	texts *Texts
}

// normalize sorts and shortens the lists of which one pod may say a thing twice.
func (p *Pod) normalize() {
	slices.Sort(p.HostPaths)
	p.HostPaths = slices.Compact(p.HostPaths)
	slices.Sort(p.Images)
	p.Images = slices.Compact(p.Images)
	p.Tokens, p.Privileged = firsts(p.Tokens), firsts(p.Privileged)
	slices.Sort(p.PullSecrets)
	p.PullSecrets = slices.Compact(p.PullSecrets)
	slices.SortFunc(p.Secrets, func(a, b SecretUse) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Key, b.Key), cmp.Compare(a.How, b.How))
	})
	p.Secrets = slices.CompactFunc(p.Secrets, func(a, b SecretUse) bool { return a.Name == b.Name && a.Key == b.Key && a.How == b.How })
}

// firsts drops what a list has had before.
func firsts[T comparable](list []T) []T {
	if len(list) < 2 {
		return list
	}
	seen := make(map[T]bool, len(list))
	return slices.DeleteFunc(list, func(v T) bool {
		twice := seen[v]
		seen[v] = true
		return twice
	})
}

func (p *podReader) volume(v *corev1.Volume) {
	switch {
	case v.HostPath != nil:
		p.HostPaths = append(p.HostPaths, p.texts.intern(v.HostPath.Path))
	case v.Secret != nil:
		p.mount(v.Secret.SecretName, v.Secret.Items, v.Secret.Optional)
	case v.Projected != nil:
		for i := range v.Projected.Sources {
			p.projection(v.Name, &v.Projected.Sources[i])
		}
	case v.CSI != nil:
		p.CSI = append(p.CSI, CSIVolume{Driver: p.texts.intern(v.CSI.Driver), Class: p.texts.intern(v.CSI.VolumeAttributes["secretProviderClass"])})
		if ref := v.CSI.NodePublishSecretRef; ref != nil {
			p.use(ref.Name, "", "csi", nil)
		}
	default:
		p.remote(v)
	}
}

// remote notes the Secrets that volumes of a storage system sign in with.
func (p *podReader) remote(v *corev1.Volume) {
	local := func(ref *corev1.LocalObjectReference) {
		if ref != nil {
			p.use(ref.Name, "", "volume", nil)
		}
	}
	switch {
	case v.AzureFile != nil:
		p.use(v.AzureFile.SecretName, "", "volume", nil)
	case v.CephFS != nil:
		local(v.CephFS.SecretRef)
	case v.RBD != nil:
		local(v.RBD.SecretRef)
	case v.FlexVolume != nil:
		local(v.FlexVolume.SecretRef)
	case v.ISCSI != nil:
		local(v.ISCSI.SecretRef)
	case v.ScaleIO != nil:
		local(v.ScaleIO.SecretRef)
	case v.StorageOS != nil:
		local(v.StorageOS.SecretRef)
	case v.Cinder != nil:
		local(v.Cinder.SecretRef)
	}
}

func (p *podReader) projection(volume string, s *corev1.VolumeProjection) {
	if s.Secret != nil {
		p.mount(s.Secret.Name, s.Secret.Items, s.Secret.Optional)
	}
	t := s.ServiceAccountToken
	if t == nil {
		return
	}
	token := ProjectedToken{Volume: p.texts.intern(volume), Audience: p.texts.intern(t.Audience), Path: p.texts.intern(t.Path)}
	if t.ExpirationSeconds != nil {
		token.Seconds = *t.ExpirationSeconds
	}
	if strings.HasPrefix(volume, "kube-api-access-") && t.Audience == "" {
		token.Default, token.Volume = true, "kube-api-access" // what follows differs from pod to pod
	}
	p.Tokens = append(p.Tokens, token)
}

// mount notes the keys of a Secret that a volume shows.
func (p *podReader) mount(name string, items []corev1.KeyToPath, optional *bool) {
	if len(items) == 0 {
		p.use(name, "", "volume", optional)
	}
	for _, item := range items {
		p.use(name, item.Key, "volume", optional)
	}
}

func (p *podReader) use(name, key, how string, optional *bool) {
	if name == "" {
		return
	}
	p.Secrets = append(p.Secrets, SecretUse{Name: p.texts.intern(name), Key: p.texts.intern(key), How: how, Optional: optional != nil && *optional})
}

func (p *podReader) container(c *corev1.Container, hash func([]byte) inventory.SecretHash) {
	if c.Image != "" {
		p.Images = append(p.Images, p.texts.intern(c.Image))
	}
	if privileged(c.SecurityContext) {
		p.Privileged = append(p.Privileged, p.texts.intern(c.Name))
	}
	for i := range c.EnvFrom {
		if ref := c.EnvFrom[i].SecretRef; ref != nil {
			p.use(ref.Name, "", "envFrom", ref.Optional)
		}
	}
	for i := range c.Env {
		e := &c.Env[i]
		if e.ValueFrom != nil {
			if ref := e.ValueFrom.SecretKeyRef; ref != nil {
				p.use(ref.Name, ref.Key, "env", ref.Optional)
			}
			continue
		}
		p.variable(c.Name, e.Name, e.Value, hash)
	}
}

// privileged reports whether a container may do on its node what it likes:
// privileged, or with all capabilities or CAP_SYS_ADMIN (capabilities(7)).
func privileged(s *corev1.SecurityContext) bool {
	if s == nil {
		return false
	}
	if s.Privileged != nil && *s.Privileged {
		return true
	}
	if s.Capabilities == nil {
		return false
	}
	return slices.ContainsFunc(s.Capabilities.Add, func(c corev1.Capability) bool {
		name := strings.TrimPrefix(strings.ToUpper(string(c)), "CAP_")
		return name == "ALL" || name == "SYS_ADMIN"
	})
}
