package live

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/live/wire"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

func (s *session) sshKeys(ctx context.Context, users []*object.User) {
	type page struct {
		wire.Page
		Keys []struct {
			SSHPublicKeyID string `xml:"SSHPublicKeyId"`
			Status         string
			UploadDate     wire.Time
		} `xml:"SSHPublicKeys>member"`
	}
	details(ctx, s, "iam:ListSSHPublicKeys", "", users, func(ctx context.Context, at **object.User) error {
		u := *at
		_, err := wire.Pages(ctx, s.client, s.op("iam:ListSSHPublicKeys"), "", wire.Values{"UserName": u.Name}, func(p *page) int {
			for _, k := range p.Keys {
				u.SSH = append(u.SSH, object.SSHKey{ID: k.SSHPublicKeyID, Active: active(k.Status), UploadedAt: k.UploadDate.Time})
			}
			return len(p.Keys)
		})
		return err
	})
}

func (s *session) signing(ctx context.Context, users []*object.User) {
	type page struct {
		wire.Page
		Certificates []struct {
			CertificateID   string `xml:"CertificateId"`
			CertificateBody string
			Status          string
			UploadDate      wire.Time
		} `xml:"Certificates>member"`
	}
	details(ctx, s, "iam:ListSigningCertificates", "", users, func(ctx context.Context, at **object.User) error {
		u := *at
		var found []object.SigningCertificate
		_, err := wire.Pages(ctx, s.client, s.op("iam:ListSigningCertificates"), "", wire.Values{"UserName": u.Name}, func(p *page) int {
			for _, c := range p.Certificates {
				found = append(found, object.SigningCertificate{
					ID: c.CertificateID, Active: active(c.Status), UploadedAt: c.UploadDate.Time, ExpiresAt: object.CertificateEnd([]byte(c.CertificateBody)),
				})
			}
			return len(p.Certificates)
		})
		if err == nil {
			u.Signing = found
		}
		return err
	})
}

// readReport decodes the credential report and notes what is odd about it.
func (s *session) readReport(content string, at time.Time) madeReport {
	l := object.Listing{Call: "iam:GetCredentialReport", Status: inventory.StatusComplete}
	text, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(content), ""))
	var report *object.Report
	if err == nil {
		report, err = object.ParseReport(text)
	}
	l.Again = err != nil || report.Cut || len(report.Problems) > 0
	switch {
	case err != nil:
		l.Status, l.Reason = inventory.StatusPartial, fmt.Sprintf("the credential report cannot be read: %v", err)
	case report.Cut || len(report.Problems) > 0:
		l.Status, l.Reason = inventory.StatusPartial, "the credential report is damaged: "+strings.Join(report.Problems, "; ")
		if report.Cut {
			l.Reason = "the credential report ends too early. " + strings.Join(report.Problems, "; ")
		}
	}
	if report != nil {
		l.Count = len(report.Rows)
	}
	s.keep(func(a *object.Account) { a.Listings = append(a.Listings, l) })
	return madeReport{report: report, at: at}
}
