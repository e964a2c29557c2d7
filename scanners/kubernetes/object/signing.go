package object

import (
	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/muster-nhi/muster/internal/inventory"
)

// FromSigningRequest keeps what SigningRequest has of a
// CertificateSigningRequest. Approved is unknown while nobody has decided.
func (t *Texts) FromSigningRequest(o *certificatesv1.CertificateSigningRequest) SigningRequest {
	out := SigningRequest{
		Meta:      t.FromMeta("CertificateSigningRequest", "certificates.k8s.io", &o.ObjectMeta),
		Requestor: t.intern(o.Spec.Username), Signer: t.intern(o.Spec.SignerName), Issued: FromPEM(o.Status.Certificate),
	}
	if o.Spec.ExpirationSeconds != nil {
		out.Seconds = int64(*o.Spec.ExpirationSeconds)
	}
	for _, u := range o.Spec.Usages {
		out.Usages = append(out.Usages, string(u))
	}
	out.CommonName, out.Groups = FromRequest(o.Spec.Request)
	for _, c := range o.Status.Conditions {
		if c.Status == corev1.ConditionFalse {
			continue
		}
		switch c.Type {
		case certificatesv1.CertificateApproved:
			out.Approved = inventory.True
		case certificatesv1.CertificateDenied:
			out.Denied, out.Approved = true, inventory.False
		case certificatesv1.CertificateFailed:
			out.Failed = true
		}
	}
	return out
}
