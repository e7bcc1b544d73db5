package show

// ICEServer is a STUN or TURN server that a browser may use, in the shape of its
// RTCIceServer.
type ICEServer struct {
	URLs       []string `json:"urls"` // RFC 7064 and RFC 7065
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
}
