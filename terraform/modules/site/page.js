// The site's places stand behind #, so that there is no other page: who types a path that no file of the site can have
// comes to this one. A file that is missing is missing, and what the API answers stays as it is: this runs for neither.
function handler(event) {
    const request = event.request;
    const name = request.uri.slice(request.uri.lastIndexOf('/') + 1);
    if (!name.includes('.')) {
        request.uri = '/index.html';
    }
    return request;
}
