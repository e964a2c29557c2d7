package export

import (
	"cmp"
	"regexp"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }

// The shapes of what IAM answers of a user's credentials.
type (
	accessKey struct {
		UserName, AccessKeyID, Status string
		CreateDate                    moment
	}
	keyUse struct {
		UserName, AccessKeyID string
		AccessKeyLastUsed     struct {
			LastUsedDate        moment
			ServiceName, Region string
		}
	}
	specificCredential struct {
		UserName, Status, ServiceUserName, ServiceCredentialAlias, ServiceSpecificCredentialID, ServiceName string
		CreateDate, ExpirationDate                                                                          moment
	}
	sshKey struct {
		UserName, SSHPublicKeyID, Status string
		UploadDate                       moment
	}
	signingCertificate struct {
		UserName, CertificateID, CertificateBody, Status string
		UploadDate                                       moment
	}
)

func (h *handlers) keys() {
	on(h, "AccessKeyMetadata", "iam:ListAccessKeys", nil, noARN, func(a *account, _ string, v *accessKey) {
		if a.service[v.UserName] == nil {
			a.service[v.UserName] = map[string]object.AccessKey{}
		}
		a.service[v.UserName][v.AccessKeyID] = object.AccessKey{ID: v.AccessKeyID, Active: tri(v.Status, "Active"), CreatedAt: v.CreateDate.Time}
	})
	one(h, "iam:GetAccessKeyLastUsed", []string{"UserName", "AccessKeyLastUsed"}, noARN, func(a *account, _ string, v *keyUse) {
		u := v.AccessKeyLastUsed
		k := object.AccessKey{LastUsed: u.LastUsedDate.Time, Used: inventory.TriOf(!u.LastUsedDate.IsZero())}
		if k.Used == inventory.True {
			k.LastRegion, k.LastCause = said(u.Region), said(u.ServiceName)
		}
		a.uses[v.AccessKeyID] = k
	})
	on(h, "ServiceSpecificCredentials", "iam:ListServiceSpecificCredentials", nil, noARN, func(a *account, _ string, v *specificCredential) {
		a.specific[v.UserName] = append(a.specific[v.UserName], object.ServiceCredential{
			ID: v.ServiceSpecificCredentialID, Service: v.ServiceName, UserName: cmp.Or(v.ServiceCredentialAlias, v.ServiceUserName),
			Active: v.Status == "Active", CreatedAt: v.CreateDate.Time, ExpiresAt: v.ExpirationDate.Time,
		})
	})
	on(h, "SSHPublicKeys", "iam:ListSSHPublicKeys", nil, noARN, func(a *account, _ string, v *sshKey) {
		a.ssh[v.UserName] = append(a.ssh[v.UserName], object.SSHKey{ID: v.SSHPublicKeyID, Active: v.Status == "Active", UploadedAt: v.UploadDate.Time})
	})
	on(h, "Certificates", "iam:ListSigningCertificates", func(v *signingCertificate) bool { return v.CertificateID != "" && v.UserName != "" }, noARN, func(a *account, _ string, v *signingCertificate) {
		a.signing[v.UserName] = append(a.signing[v.UserName], object.SigningCertificate{
			ID: v.CertificateID, Active: v.Status == "Active", UploadedAt: v.UploadDate.Time, ExpiresAt: object.CertificateEnd([]byte(v.CertificateBody)),
		})
	})
}

// said leaves out what AWS writes for nothing.
func said(text string) string {
	if strings.EqualFold(text, "N/A") {
		return ""
	}
	return text
}

func (v *keyUse) named(file string) {
	if v.AccessKeyID == "" {
		v.AccessKeyID = regexp.MustCompile(`AKIA[A-Z0-9]{16}`).FindString(file)
	}
}
